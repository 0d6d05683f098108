package settings

import (
	"fmt"
	"strings"
)

// A key whose prefix is mistyped is not ours by its name, and would be ignored: the
// setting would keep its default, which for cookie_secure, say, is not harmless.

// farthestPrefix is how many letters of a prefix may be wrong.
const farthestPrefix = 2

var separators = strings.NewReplacer("_", ".", "-", ".")

// correctedKey returns the key that was most likely meant by one that is not ours, "" when
// it does not resemble one of ours.
func correctedKey(key string) string {
	key = strings.ToLower(key)
	if isOurs(key) || len(key) > 2*maxDistance {
		return ""
	}
	words := strings.Split(separators.Replace(key), ".")
	goOnly := len(words) > 3 && distance(words[0], "go") <= 1 && distance(words[1]+"."+words[2], "redis.sessions") <= farthestPrefix
	switch {
	case goOnly && (words[0] == "go" || words[1]+"."+words[2] == "redis.sessions"):
		return knownKey(goPrefix, words[3:])
	case len(words) > 2 && distance(words[0]+"."+words[1], "redis.sessions") <= farthestPrefix:
		return knownKey(prefix, words[2:])
	case len(words) > 1 && distance(words[0], "redissessions") <= farthestPrefix:
		return knownKey(prefix, words[1:])
	}
	return ""
}

// knownKey puts a setting's name behind a prefix; "" when there is no such setting.
func knownKey(prefix string, words []string) string {
	name := strings.Join(words, "_")
	if _, ok := spellings[name]; ok {
		return prefix + name
	}
	if near := nearest(name); near != "" && distance(near, name) <= max(1, len(name)/3) {
		return prefix + near
	}
	return ""
}

// looksLikeOurs returns the keys that have a setting's name under another prefix that says
// session, for an operator whose secret was not found.
func looksLikeOurs(keys []string) []string {
	var found []string
	for _, key := range keys {
		folded := strings.ToLower(key)
		if isOurs(folded) {
			continue
		}
		at := strings.LastIndexByte(folded, '.')
		if at < 0 {
			continue
		}
		_, ok := spellings[folded[at+1:]]
		if above := folded[:at]; ok && (strings.Contains(above, "session") || above == "redis") {
			found = append(found, key)
		}
	}
	return found
}

// notFound says what the source has in place of keys of ours: why a required key is missing.
func (p *parser) notFound() string {
	keys := p.keys()
	if at := originOf(p.src); at != nil {
		for _, key := range keys {
			section, rest, ok := strings.Cut(strings.ToLower(key), ".")
			if ok && isOurs(rest) {
				return fmt.Sprintf("; found %s: settings below %s are read by settings.Load(%q)", printable(key), printable(section), at.file+"#"+section)
			}
		}
		if len(at.similar) > 0 {
			return "; found the environment variable " + at.similar[0] + ": our variables begin with " + envPrefix
		}
	}
	if found := looksLikeOurs(keys); len(found) > 0 {
		return "; found " + printable(found[0]) + ": our keys begin with " + prefix
	}
	if !containsOurs(keys) && originOf(p.src) != nil {
		return "; no key begins with " + prefix
	}
	return ""
}

func containsOurs(keys []string) bool {
	for _, key := range keys {
		if isOurs(strings.ToLower(key)) {
			return true
		}
	}
	return false
}
