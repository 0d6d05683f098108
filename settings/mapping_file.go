package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/viper"
)

// mappingCodec reads the formats that are mappings from the start: YAML, TOML and JSON.
// It stands around viper's own codecs, to say where a mistake is and to pick a section.
type mappingCodec struct {
	from    *origin
	section string
}

func (c mappingCodec) file() string { return c.from.file }

func (c mappingCodec) isYAML() bool { return strings.HasPrefix(extension(c.from.file), "y") }

func (c mappingCodec) inner() (viper.Codec, error) {
	type codec struct {
		viper.Encoder
		viper.Decoder
	}
	registry := viper.NewCodecRegistry()
	encoder, err := registry.Encoder(extension(c.file()))
	if err != nil {
		return nil, err
	}
	decoder, err := registry.Decoder(extension(c.file()))
	return codec{encoder, decoder}, err
}

// Decode reads the file's mapping, or the one under the section's name, into values.
func (c mappingCodec) Decode(content []byte, values map[string]any) error {
	text, err := checkText(c.file(), content)
	if err != nil {
		return err
	}
	inner, err := c.inner()
	if err != nil {
		return err
	}
	if err := c.bounded(text); err != nil {
		return err
	}
	read, lines := map[string]any{}, map[string]place{}
	if strings.TrimSpace(text) != "" {
		if err := inner.Decode([]byte(text), read); err != nil {
			return c.explain(text, err)
		}
		if lines, err = c.complete(text); err != nil {
			return err
		}
	}
	if c.section != "" {
		under, ok := asMapping(read[c.section])
		if !ok {
			return &FileError{File: c.file(), Err: fmt.Errorf("there is no mapping %s at the top level%s", printable(c.section), mappingsOf(read))}
		}
		read = under
	}
	if err := c.twice(read); err != nil {
		return err
	}
	return c.from.hand(read, lines, values)
}

// mostKeys bounds the keys of a mapping in YAML, and all keys in TOML: the decoders
// compare each key with all the others.
const mostKeys = 5000

func (c mappingCodec) tooManyKeys(line int) error {
	return &FileError{File: c.file(), Line: line, Err: fmt.Errorf("has more than %d keys", mostKeys)}
}

// bounded refuses text whose nesting or number of keys would be too much for the
// decoder.
func (c mappingCodec) bounded(text string) error {
	switch {
	case c.isYAML():
		return c.boundedYAML(text)
	case extension(c.file()) == "toml":
		return c.boundedTOML(text)
	}
	return nil
}

// complete checks that the decoder cannot have lost anything on the way. It returns the
// lines of the keys, where the format's decoder tells them.
func (c mappingCodec) complete(text string) (map[string]place, error) {
	switch {
	case c.isYAML():
		if err := c.oneYAMLDocument(text); err != nil {
			return nil, err
		}
		return c.inspectYAML(text)
	case extension(c.file()) == "json":
		return nil, c.uniqueJSONKeys(text)
	}
	return nil, nil
}

// Encode is viper's own.
func (c mappingCodec) Encode(values map[string]any) ([]byte, error) {
	inner, err := c.inner()
	if err != nil {
		return nil, err
	}
	return inner.Encode(values)
}

func mappingsOf(read map[string]any) string {
	var names []string
	for _, key := range sortedKeys(read) {
		if _, ok := asMapping(read[key]); ok {
			names = append(names, printable(key))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; there are " + strings.Join(names, ", ")
}

// twice finds a key of ours that stands in the file both dotted and nested: which of the
// two is meant, only the operator knows.
func (c mappingCodec) twice(read map[string]any) error {
	seen := map[string]bool{}
	var mistakes []error
	walk("", read, func(key string, _ any) {
		if seen[key] && isOurs(key) {
			mistakes = append(mistakes, &FileError{File: c.file(), Err: fmt.Errorf("%s is given twice, dotted and nested", printable(key))})
		}
		seen[key] = true
	})
	return errors.Join(mistakes...)
}

// explain says where the file is malformed. Decoders quote the text that they stumble
// over, which may be a secret, so that only messages known to be fixed are passed on.
func (c mappingCodec) explain(text string, err error) error {
	var tomlErr *toml.DecodeError
	var jsonSyntax *json.SyntaxError
	var jsonType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tomlErr):
		line, _ := tomlErr.Position()
		return &FileError{File: c.file(), Line: line, Err: errors.New(tomlProblem(text, line))}
	case errors.As(err, &jsonSyntax) && strings.Contains(jsonSyntax.Error(), "max depth"):
		return &FileError{File: c.file(), Err: errTooDeep}
	case errors.As(err, &jsonSyntax):
		line := 1 + strings.Count(text[:min(int(jsonSyntax.Offset), len(text))], "\n")
		return &FileError{File: c.file(), Line: line, Err: fmt.Errorf("is not JSON: %w", err)}
	case errors.As(err, &jsonType):
		return &FileError{File: c.file(), Line: 1, Err: errors.New("expected an object at the top level")}
	case c.isYAML():
		return c.explainYAML(text, err.Error())
	}
	if extension(c.file()) == "toml" {
		return &FileError{File: c.file(), Line: tomlTwiceLine(text), Err: errors.New("a key is given twice, or as a value and as a table")}
	}
	return &FileError{File: c.file(), Err: errors.New("cannot be read as " + strings.ToUpper(extension(c.file())))}
}

var (
	yamlLine    = regexp.MustCompile(`line ([0-9]+): `)
	yamlFixed   = regexp.MustCompile(`(did not find|could not find|found|mapping|block)( [a-z-]+| '[^ ']{1,2}')+$`)
	yamlTwice   = regexp.MustCompile(`line ([0-9]+): mapping key .* already defined at line [0-9]+`)
	yamlTab     = regexp.MustCompile(`cannot start any token|tab character`)
	yamlUnknown = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
)

func (c mappingCodec) explainYAML(text, message string) error {
	line := 0
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	problem := "is not YAML"
	switch {
	case strings.Contains(message, "excessive aliasing"):
		problem = fmt.Sprintf("its aliases stand for more than %d values", mostAliased)
	case strings.Contains(message, "max depth") || strings.Contains(message, "exceeded depth"):
		problem = errTooDeep.Error()
	case yamlTab.MatchString(message) && tabLine(text, line) > 0:
		line, problem = tabLine(text, line), "is indented by a tab; YAML wants spaces"
	case strings.Contains(message, "cannot start any token"):
		problem = "is not YAML: a value that begins with %, @ or ` must stand in quotes"
	case yamlTwice.MatchString(message):
		problem = "a key is given twice"
	case yamlUnknown.MatchString(message):
		anchor := "*" + yamlUnknown.FindStringSubmatch(message)[1]
		if before, _, found := strings.Cut(text, anchor); found {
			line = 1 + strings.Count(before, "\n")
		}
		problem = "a value that begins with * must stand in quotes"
	case strings.Contains(message, "cannot unmarshal"):
		problem = "expected a mapping at the top level"
	case yamlFixed.MatchString(message):
		problem = "is not YAML: " + yamlFixed.FindString(message)
		line = max(line, 1) // yaml leaves out the first
	}
	return &FileError{File: c.file(), Line: line, Err: errors.New(problem)}
}
