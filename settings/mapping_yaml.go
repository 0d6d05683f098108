package settings

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostAliased bounds what the aliases of a YAML file stand for.
const mostAliased = 100_000

// yamlTree is what the nodes of a YAML file say beside its values.
type yamlTree struct {
	file     string
	text     []string // by line
	under    string   // the section that is read, with a dot; "" for all of the file
	lines    map[string]place
	aliased  map[string]bool // anchors to which an alias refers
	sizes    map[*yaml.Node]int
	mistakes []*FileError
}

// inspectYAML returns the lines of the keys. What YAML reads as a tag or an
// anchor, where a password begins with ! or &, is an error.
func (c mappingCodec) inspectYAML(text string) (map[string]place, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, c.explain(text, err)
	}
	t := &yamlTree{file: c.file(), text: splitLines(text), lines: map[string]place{}, aliased: map[string]bool{}, sizes: map[*yaml.Node]int{}}
	if c.section != "" {
		t.under = c.section + "."
	}
	t.size(&document)
	t.walk("", &document)
	if len(t.mistakes) > 0 {
		return nil, joinFileErrors(t.mistakes)
	}
	return t.lines, nil
}

// boundedYAML refuses a mapping with too many keys, and aliases that stand for too much.
// Whether the text is YAML is the decoder's business.
func (c mappingCodec) boundedYAML(text string) error {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil //nolint:nilerr // the decoder says what is wrong
	}
	t := &yamlTree{aliased: map[string]bool{}, sizes: map[*yaml.Node]int{}}
	if t.size(&document) > mostAliased {
		return &FileError{File: c.file(), Err: fmt.Errorf("its aliases stand for more than %d values", mostAliased)}
	}
	for n := range t.sizes {
		if n.Kind == yaml.MappingNode && len(n.Content)/2 > mostKeys {
			return c.tooManyKeys(n.Line)
		}
	}
	return nil
}

// size counts the values that a node stands for, aliases followed.
func (t *yamlTree) size(n *yaml.Node) int {
	if known, ok := t.sizes[n]; ok {
		return known
	}
	size := 1
	if n.Alias != nil {
		t.aliased[n.Value] = true
		size += t.size(n.Alias)
	}
	for _, child := range n.Content {
		size = min(size+t.size(child), mostAliased+1)
	}
	t.sizes[n] = size
	return size
}

func (t *yamlTree) walk(key string, n *yaml.Node) {
	switch n.Kind {
	case yaml.DocumentNode:
		for _, child := range n.Content {
			t.walk(key, child)
		}
	case yaml.AliasNode:
		t.walk(key, n.Alias)
	case yaml.MappingNode:
		t.mapping(key, n)
	case yaml.SequenceNode:
		for _, child := range n.Content {
			t.check(key, child)
		}
	}
	t.check(key, n)
}

func (t *yamlTree) mapping(above string, n *yaml.Node) {
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		key := above + "." + name.Value
		full, inside := t.inside(key)
		if _, given := t.lines[full]; inside && !given {
			t.lines[full] = place{t.file, name.Line}
		}
		t.walk(key, value)
		t.checkComment(full, inside, value)
	}
	for _, value := range merged { // their keys count where the mapping has none
		if value.Kind == yaml.SequenceNode {
			for _, each := range value.Content {
				t.walk(above, each)
			}
			continue
		}
		t.walk(above, value)
	}
}

// inside returns a key as viper has it, and whether it is in the part of the file that is
// read.
func (t *yamlTree) inside(key string) (string, bool) {
	return strings.CutPrefix(strings.TrimPrefix(key, "."), t.under)
}

// check reports a tag or an anchor at a value of ours that nothing asks for.
func (t *yamlTree) check(key string, n *yaml.Node) {
	full, inside := t.inside(key)
	if !inside || !isOurs(strings.ToLower(full)) {
		return
	}
	for _, mark := range []struct {
		set        bool
		sign, name string
	}{
		{n.Tag != "" && !strings.HasPrefix(n.Tag, "!!") || n.Tag == "!!binary", "!", "a tag"},
		{n.Anchor != "" && !t.aliased[n.Anchor], "&", "an anchor"},
	} {
		if mark.set {
			t.mistakes = append(t.mistakes, &FileError{File: t.file, Line: n.Line,
				Err: fmt.Errorf("%s: a value that begins with %s is %s in YAML; put it in quotes", printable(full), mark.sign, mark.name)})
		}
	}
}

// commentForValue matches a line whose value is a comment without a blank after its sign.
var commentForValue = regexp.MustCompile(`:\s+#[^\s#]`)

// checkComment reports a secret of ours that YAML reads as a comment. Other settings may
// well have theirs commented out.
func (t *yamlTree) checkComment(full string, inside bool, value *yaml.Node) {
	name := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(full), "go."), prefix)
	if !inside || !isOurs(strings.ToLower(full)) || value.Tag != "!!null" || value.Value != "" || value.Line > len(t.text) {
		return
	}
	if s, ok := spellings[name]; ok && s.secret && commentForValue.MatchString(t.text[value.Line-1]) {
		t.mistakes = append(t.mistakes, &FileError{File: t.file, Line: value.Line,
			Err: fmt.Errorf("%s: a value that begins with # is a comment in YAML; put it in quotes", printable(full))})
	}
}

// tabLine returns the line near the one that the decoder names, which counts from 0 in some
// messages, whose indentation has a tab; 0 when there is none.
func tabLine(text string, line int) int {
	lines := splitLines(text)
	for number := max(line, 1); number <= min(line+2, len(lines)); number++ {
		content := lines[number-1]
		if indent := content[:len(content)-len(strings.TrimLeft(content, " \t"))]; strings.Contains(indent, "\t") {
			return number
		}
	}
	return 0
}
