package settings

import (
	"strings"
	"unicode"
)

// obvious are words of which secrets are made that an attacker tries first. Longer ones
// stand before those that are their parts.
var obvious = []string{
	"itsaseekreet", "seekreet", "seekrit", "sosecret", "supersecret", "topsecret", "mysecret", "keyboardcat", "letmein",
	"correcthorsebatterystaple", "development", "placeholder", "unspecified", "production", "changethis", "changeit", "changeme", "insecure",
	"replaceme", "replace", "password", "passphrase", "passw0rd", "p4ssw0rd", "pass", "pwd", "qwertyuiop", "qwerty", "asdfgh", "default", "example", "testing",
	"tests", "test", "secrets", "secret", "s3cr3t", "s3cret", "sekrit", "sekret", "shhhh", "shh", "signing", "sign", "session", "sessions", "cookies", "cookie", "keys", "key", "token", "django",
	"pyramid", "flask", "redis", "admin", "administrator", "root", "guest", "user", "hello", "world", "foobar", "foo", "bar", "baz", "unsafe",
	"unknown", "nothing", "none", "null", "undefined", "empty", "todo", "fixme", "demo", "local", "localhost", "dev", "prod", "staging", "sample", "abc", "xyz", "xxx", "iloveyou", "monkey", "dragon", "trustno",
	"application", "webapp", "app", "change", "insert", "enter", "here", "your", "this", "that", "very", "super", "hyper", "top", "not", "value", "string", "random", "long", "some", "the", "and", "set", "put", "is", "in", "to", "me", "my", "it", "so", "a", "an", "be", "at",
}

// isObvious reports whether a secret consists of nothing but obvious words and digits, or
// of one character again and again.
func isObvious(secret Secret) bool {
	if secret == "" {
		return false
	}
	text := strings.ToLower(string(secret))
	if strings.Trim(text, text[:1]) == "" {
		return true
	}
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
	return letters != "" && (onlyDigits(letters) && len(letters) < shortSecret/2 || madeOf(letters, map[string]bool{}))
}

func onlyDigits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

// madeOf reports whether text can be cut into obvious words and runs of digits.
func madeOf(text string, failed map[string]bool) bool {
	if text == "" {
		return true
	}
	if len(text) > 4*shortSecret || failed[text] {
		return false
	}
	if digits := strings.TrimLeft(text, "0123456789"); len(digits) < len(text) && len(text)-len(digits) <= 4 && madeOf(digits, failed) {
		return true
	}
	for _, word := range obvious {
		if rest, ok := strings.CutPrefix(text, word); ok && madeOf(rest, failed) {
			return true
		}
	}
	failed[text] = true
	return false
}
