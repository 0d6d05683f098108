package settings

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Effective is one setting as it is in force, for a person to read.
type Effective struct {
	// Name is the setting's own name, "redis.sessions.custom_connect", and Key the key that
	// gives it, which may be an alias or begin with go. Key is empty where nothing does.
	Name, Key string
	// Value is the value as Parse understands it, in one line: a secret that is set is
	// "[redacted]", and what is not set is "". Where Parse returns a mistake about the key
	// it is the default.
	Value string
	// Origin is where the value comes from: "development.ini:12", "environment variable
	// REDIS_SESSIONS_TIMEOUT", "default", or "" where the source does not tell.
	Origin string
}

// Effectives returns every setting in the key table's order, which is that of
// docs/settings.md, with the value that is in force and where it comes from. It never
// returns a secret. Mistakes are for Parse to return.
func Effectives(src Source) []Effective {
	p := newParser(src)
	p.collect()
	o := p.options()
	p.capCookieAge(o)
	all := make([]Effective, 0, len(spellings))
	for s := range rows {
		e := Effective{Name: prefix + s.name, Origin: "default", Value: shownField(o, s)}
		if given, ok := p.given[s.name]; ok {
			e.Key, e.Origin = given.key, p.origin(given)
		} else if e.Value == "" || strings.HasPrefix(s.defDoc, "the ") {
			e.Value = strings.ReplaceAll(s.defDoc, "`", "")
		}
		all = append(all, e)
	}
	return all
}

func (p *parser) origin(e entry) string {
	if e.variable != "" {
		return "environment variable " + e.variable
	}
	return p.from.place(e.key, e.raw).String()
}

// shownField returns the value of the field that a setting fills: the one of the same name.
func shownField(o *Options, s *setting) string {
	name := strings.ReplaceAll(s.name, "_", "")
	for field, value := range o.fields {
		if strings.EqualFold(field, name) {
			return shownValue(value)
		}
	}
	panic("settings: no field for " + s.name)
}

// shownValue is a value as an operator might write it, "" for one that is not set.
func shownValue(value any) string {
	switch v := value.(type) {
	case time.Duration:
		return v.String()
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.Format(time.RFC3339)
	case string:
		if strings.Contains(v, "@") || strings.Contains(v, "://") { // a URL with a password, in a key that takes none
			return redacted
		}
		return printable(v)
	case Secret:
		if v == "" {
			return ""
		}
		return redacted
	case []Secret:
		if len(v) == 0 {
			return ""
		}
		return fmt.Sprintf("%s (%d)", redacted, len(v))
	}
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return fmt.Sprint(value)
	}
	words := make([]string, list.Len())
	for i := range words {
		words[i] = printable(fmt.Sprint(list.Index(i)))
	}
	return strings.Join(words, " ")
}
