package settings

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Prefixes of the keys that are ours. A key under goPrefix replaces the one under prefix:
// a Python application that reads the same file stops at a redis.sessions. key that it
// does not know.
const (
	prefix   = "redis.sessions."
	goPrefix = "go.redis.sessions."
)

// Parse reads every key under redis.sessions. and go.redis.sessions. from src. All other
// keys are the application's and are not looked at.
//
// When there are mistakes it returns all of them, each as an *[Error], joined by
// errors.Join and sorted by key. The Options are then only for finding more mistakes, in
// the names of codecs, say: a setting that could not be read has its default.
func Parse(src Source) (*Options, error) {
	p := newParser(src)
	p.collect()
	o := p.options()
	p.contradictions(o)
	if len(p.mistakes) > 0 {
		return o, p.joined()
	}
	p.capCookieAge(o)
	o.Warnings = p.warnings(o)
	return o, nil
}

// KeyOf returns the key by which src gives a setting, prefix and alias included:
// "redis.sessions.client_callable" for "custom_connect", say. It is for errors about
// values that Parse cannot judge. A setting that src does not give has its own key.
func KeyOf(src Source, name string) string {
	if e, ok := entryOf(src, name); ok {
		return e.key
	}
	return prefix + name
}

// PlaceOf returns where the value of a setting comes from, for errors about it:
// "development.ini:12", "environment variable REDIS_SESSIONS_ENCODE", the file's name for
// a setting that the file does not give, or "" when src is not from Load.
func PlaceOf(src Source, name string) string {
	e, ok := entryOf(src, name)
	if ok && e.variable != "" {
		return "environment variable " + e.variable
	}
	from := originOf(src)
	if !ok && from != nil {
		return place{file: from.file}.String()
	}
	return from.place(e.key, e.raw).String()
}

// entryOf returns the key that gives a setting.
func entryOf(src Source, name string) (entry, bool) {
	p := newParser(src)
	p.collect()
	for s := range rows {
		if s.name == name {
			return p.choose(s)
		}
	}
	return entry{}, false
}

// parser is the state of one Parse.
type parser struct {
	src      Source
	from     *origin // nil when Load did not make the source
	entries  []entry
	given    map[string]entry // by canonical name: what a setting's value came from
	bad      map[string]bool  // canonical names whose value could not be read
	mistakes []*Error
}

func newParser(src Source) *parser {
	return &parser{src: src, from: originOf(src), bad: map[string]bool{}, given: map[string]entry{}}
}

// entry is one key of ours that is in the source.
type entry struct {
	key      string // as written
	goOnly   bool   // under goPrefix
	variable string // of the environment, "" when the key stands in the file
	spelling
	raw   any
	value any
}

func (p *parser) fail(key string, err error) {
	at := place{}
	switch variable := p.from.variable(p.src, key); {
	case variable != "":
		err = fmt.Errorf("environment variable %s: %w", variable, err)
	case p.from != nil:
		at = p.from.place(key, p.src.Get(key))
		if at == (place{}) && p.src.Get(key) == nil {
			at = place{file: p.from.file} // a key that is missing there
		}
	}
	p.mistakes = append(p.mistakes, &Error{Key: key, Err: err, File: at.file, Line: at.line})
}

// collect finds the keys of ours and sets aside those that are unknown or refused.
func (p *parser) collect() {
	keys := p.keys()
	for _, key := range keys {
		folded := strings.ToLower(key)
		if folded+"." == prefix || folded+"." == goPrefix {
			if !absent(p.src.Get(key)) {
				p.fail(key, errors.New("expected a mapping of settings below it"))
			}
			continue
		}
		name, goOnly := strings.CutPrefix(folded, goPrefix)
		if !goOnly {
			var ours bool
			if name, ours = strings.CutPrefix(folded, prefix); !ours {
				if meant := correctedKey(folded); meant != "" {
					p.fail(key, fmt.Errorf("unknown key; did you mean %s?", meant))
				}
				continue
			}
		}
		if p.blankInName(key, name) {
			continue
		}
		raw := p.src.Get(key)
		if sentence, ok := refused[name]; ok {
			if !absent(raw) && (goOnly || !p.takenBack(name, keys)) {
				p.fail(key, errors.New(sentence))
			}
			continue
		}
		s, known := spellings[name]
		if !known {
			p.fail(key, unknown(name, p.from.variable(p.src, key)))
			continue
		}
		p.entries = append(p.entries, entry{key: key, goOnly: goOnly, variable: p.from.variable(p.src, key), spelling: s, raw: raw})
	}
}

// blankInName reports a key with a blank in it, of which only the first word is shown: in
// "redis.sessions.password hunter2:x" the equals sign was forgotten.
func (p *parser) blankInName(key, name string) bool {
	at := strings.IndexFunc(name, unicode.IsSpace)
	if at < 0 {
		return false
	}
	shown := key[:len(key)-len(name)+at]
	err := &Error{Key: shown, Err: errors.New("a key has no blanks; is the equals sign missing?")}
	if p.from != nil {
		from := p.from.place(key, p.src.Get(key))
		err.File, err.Line = from.file, from.line
	}
	p.mistakes = append(p.mistakes, err)
	return true
}

// takenBack reports whether a refused key has an empty twin under goPrefix. A twin with a
// value is refused itself, and once is enough.
func (p *parser) takenBack(name string, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, goPrefix+name) })
}

// keys returns the source's keys in a fixed order, one spelling of each: where several
// differ only in case, the last in byte order, which is the one in lower case.
func (p *parser) keys() []string {
	chosen := map[string]string{}
	for _, key := range p.src.AllKeys() {
		if folded := strings.ToLower(key); key >= chosen[folded] {
			chosen[folded] = key
		}
	}
	keys := make([]string, 0, len(chosen))
	for _, key := range chosen {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// options reads the values. What could not be read keeps its default and is marked bad.
func (p *parser) options() *Options {
	o := newOptions()
	for s := range rows {
		if s.def != "" {
			value, err := s.kind.read(s.def)
			if err != nil {
				panic("settings: the table's default of " + s.name + " is wrong: " + err.Error())
			}
			s.put(o, value)
		}
		if e, ok := p.choose(s); ok {
			p.given[s.name] = e
			s.put(o, e.value)
		}
	}
	if _, ok := p.given["python_expires"]; !ok {
		o.PythonExpires = o.Format == FormatPyramidSessionRedis
	}
	if _, ok := p.given["invalidate_empty_session"]; !ok {
		o.InvalidateEmptySession = o.Format == FormatPyramidSessionRedis
	}
	return o
}

// strength orders the places where a setting can stand: the go. keys over the others, and
// in each the environment over the file, also when they use different aliases.
func (e entry) strength() int {
	strength := 0
	if e.goOnly {
		strength += 2
	}
	if e.variable != "" {
		strength++
	}
	return strength
}

// choose returns a setting's value: that of its strongest keys, for then the others are
// not even read.
func (p *parser) choose(s *setting) (chosen entry, ok bool) {
	var strongest int
	for _, e := range p.entries {
		if e.setting == s {
			strongest = max(strongest, e.strength())
		}
	}
	for _, e := range p.entries {
		if e.setting != s || e.strength() < strongest {
			continue
		}
		if absent(e.raw) && (!s.noneIsValue || !isNone(e.raw)) {
			continue
		}
		value, err := e.read()
		if err != nil {
			p.fail(e.key, err)
			p.bad[s.name] = true
			continue
		}
		e.value = value
		if ok && chosen.inFile != e.inFile {
			p.fail(e.key, fmt.Errorf("contradicts %s; set one of them", chosen.key))
			p.bad[s.name] = true
			continue
		}
		if ok && !reflect.DeepEqual(chosen.value, value) {
			p.fail(e.key, fmt.Errorf("contradicts %s, which is another name for the same setting", chosen.key))
			p.bad[s.name] = true
			continue
		}
		chosen, ok = e, true
	}
	return chosen, ok && !p.bad[s.name]
}

func isNone(raw any) bool {
	text, ok := textOf(raw)
	return ok && strings.TrimSpace(text) == "None"
}

// text is the raw value without the one line break that ends a variable: shells and
// container platforms put one there when the value was a file's.
func (e entry) text() any {
	if text, ok := e.raw.(string); ok && e.variable != "" {
		return withoutLineBreak(text)
	}
	return e.raw
}

// read converts the raw value, or the content of the file that it names, and words the
// error.
func (e entry) read() (any, error) {
	raw := e.text()
	if e.inFile {
		content, err := readSecretFile(raw)
		if err != nil {
			return nil, err
		}
		raw = content
	}
	value, err := e.kind.read(raw)
	if errors.Is(err, errShape) {
		err = errors.New("expected " + e.kind.want)
	}
	switch {
	case err != nil && e.secret:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s: %w%s", shown(raw), err, hint(raw))
	case e.inverted:
		value = !value.(bool)
	}
	return value, nil
}

// hint says what is often the matter with text that could not be read.
func hint(raw any) string {
	text, ok := textOf(raw)
	switch {
	case !ok:
		return ""
	case inQuotes(text):
		return "; leave out the quotes"
	case trailingComment.MatchString(text):
		return "; a comment stands on a line of its own"
	}
	return ""
}

// A comment behind a value, which INI files of other programs may have.
var trailingComment = regexp.MustCompile(`\s[;#]`)

func inQuotes(text string) bool {
	text = strings.TrimSpace(text)
	if len(text) < 2 {
		return false
	}
	first, last := text[0], text[len(text)-1]
	return first == last && (first == '"' || first == '\'')
}

func (p *parser) joined() error {
	slices.SortStableFunc(p.mistakes, func(a, b *Error) int { return cmp.Compare(a.Key, b.Key) })
	joined := make([]error, len(p.mistakes))
	for i, mistake := range p.mistakes {
		joined[i] = mistake
	}
	return errors.Join(joined...)
}
