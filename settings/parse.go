package settings

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
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
	p := &parser{src: src, bad: map[string]bool{}, given: map[string]entry{}}
	p.collect()
	o := p.options()
	p.contradictions(o)
	if len(p.mistakes) > 0 {
		return o, p.joined()
	}
	o.Warnings = p.warnings(o)
	return o, nil
}

// KeyOf returns the key by which src gives a setting, prefix and alias included:
// "redis.sessions.client_callable" for "custom_connect", say. It is for errors about
// values that Parse cannot judge. A setting that src does not give has its own key.
func KeyOf(src Source, name string) string {
	p := &parser{src: src, bad: map[string]bool{}}
	p.collect()
	for s := range rows {
		if s.name != name {
			continue
		}
		if e, ok := p.choose(s); ok {
			return e.key
		}
	}
	return prefix + name
}

// parser is the state of one Parse.
type parser struct {
	src      Source
	entries  []entry
	given    map[string]entry // by canonical name: what a setting's value came from
	bad      map[string]bool  // canonical names whose value could not be read
	mistakes []*Error
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
	if variable := variableFor(p.src, key); variable != "" {
		err = fmt.Errorf("environment variable %s: %w", variable, err)
	}
	p.mistakes = append(p.mistakes, &Error{Key: key, Err: err})
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
				continue
			}
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
			p.fail(key, unknown(name, variableFor(p.src, key)))
			continue
		}
		p.entries = append(p.entries, entry{key: key, goOnly: goOnly, variable: variableFor(p.src, key), spelling: s, raw: raw})
	}
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
	o := &Options{}
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

// read converts the raw value, and words the error.
func (e entry) read() (any, error) {
	value, err := e.kind.read(e.raw)
	if errors.Is(err, errShape) {
		err = errors.New("expected " + e.kind.want)
	}
	switch {
	case err != nil && e.secret:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s: %w", shown(e.raw), err)
	case e.inverted:
		value = !value.(bool)
	}
	if e.pending != nil && e.pending(value) {
		if e.secret {
			return nil, ErrNotAvailable
		}
		return nil, fmt.Errorf("%s %w", shown(e.raw), ErrNotAvailable)
	}
	return value, nil
}

func (p *parser) joined() error {
	slices.SortStableFunc(p.mistakes, func(a, b *Error) int { return cmp.Compare(a.Key, b.Key) })
	joined := make([]error, len(p.mistakes))
	for i, mistake := range p.mistakes {
		joined[i] = mistake
	}
	return errors.Join(joined...)
}
