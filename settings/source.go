package settings

import (
	"fmt"
	"slices"
	"strings"
)

// Source is where Parse reads settings from. A *viper.Viper is one, and so is a [Map].
// Keys are dotted ("redis.sessions.timeout") and compared without regard to case.
type Source interface {
	AllKeys() []string
	Get(key string) any
}

// Map is a Source made in the program:
//
//	settings.Map{"redis.sessions.secret": secret}
//	settings.Map{"redis": map[string]any{"sessions": map[string]any{"secret": secret}}}
//
// Keys are dotted, nested, or a mixture; like viper's, they are compared without regard
// to case. When several spell the same key, the one in lower case wins.
type Map map[string]any

var _ Source = Map(nil)

// AllKeys returns every key that holds a value, dotted, in lower case, sorted.
func (m Map) AllKeys() []string {
	var keys []string
	walk("", m, func(key string, _ any) { keys = append(keys, strings.ToLower(key)) })
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Get returns the value of a dotted key, nil when there is none.
func (m Map) Get(key string) any {
	var found any
	var spelling string
	key = strings.ToLower(key)
	walk("", m, func(k string, v any) {
		if strings.ToLower(k) == key && k >= spelling {
			found, spelling = v, k
		}
	})
	return found
}

// walk calls visit for every value that is not itself a mapping, with its dotted key.
// The order is that of the keys' bytes, so that of several spellings of one key the one
// in lower case comes last.
func walk(prefix string, mapping map[string]any, visit func(key string, value any)) {
	for _, key := range sortedKeys(mapping) {
		if nested, ok := asMapping(mapping[key]); ok {
			walk(prefix+key+".", nested, visit)
			continue
		}
		visit(prefix+key, mapping[key])
	}
}

func sortedKeys(mapping map[string]any) []string {
	keys := make([]string, 0, len(mapping))
	for key := range mapping {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// asMapping sees the kinds of mapping that programs and YAML decoders make.
func asMapping(value any) (map[string]any, bool) {
	switch v := value.(type) {
	case Map:
		return v, true
	case map[string]any:
		return v, true
	case map[string]string:
		return restring(v), true
	case map[any]any:
		mapping := make(map[string]any, len(v))
		for key, value := range v {
			mapping[fmt.Sprint(key)] = value
		}
		return mapping, true
	}
	return nil, false
}

func restring(m map[string]string) map[string]any {
	mapping := make(map[string]any, len(m))
	for key, value := range m {
		mapping[key] = value
	}
	return mapping
}
