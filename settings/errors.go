package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// ErrUnreadable is wrapped by the error of Load for a file that cannot be opened or read, or
// whose ending says that it is no settings file. What is wrong inside a file is not
// ErrUnreadable.
var ErrUnreadable = errors.New("cannot be read")

// Error is one mistake in the settings. Parse returns all mistakes together, joined by
// errors.Join, each as an *Error on a line of its own.
type Error struct {
	Key string // as the operator wrote it, prefix and alias included: "redis.sessions.redis_url"
	Err error  // what is wrong with it; never shows a secret's value

	// File and Line are where the setting stands, when Load read it from a file. Line
	// is 0 in TOML and JSON files, and for a setting that no file has.
	File string
	Line int
}

// Error returns "settings: key: what is wrong with it (file:line)", in one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("settings: %s: %v", printable(e.Key), e.Err)
	if e.File == "" {
		return text
	}
	return fmt.Sprintf("%s (%v)", text, place{e.File, e.Line})
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// printable quotes a key that would break the line or the terminal: YAML allows any text
// as a key.
func printable(key string) string {
	if strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(key)
	}
	return key
}

// shown is a value as an error may print it: quoted, in one line, and not too long. Text
// with an @ is not shown, nor is a URL that may have a password without one: it stands in a
// key that takes none.
func shown(raw any) string {
	switch v := raw.(type) {
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(v)
	case []any, []string:
		return "a list"
	}
	if text, ok := textOf(raw); ok {
		return quoteShort(text)
	}
	return fmt.Sprintf("a value of type %T", raw)
}

func quoteShort(text string) string {
	const longest = 60
	if strings.Contains(text, "@") {
		return "the value, which has an @"
	}
	if _, rest, isURL := strings.Cut(text, "://"); isURL && strings.ContainsAny(rest, ":?#%") {
		return "the value, which is a URL"
	}
	runes := []rune(text)
	if len(runes) > longest {
		return strconv.Quote(string(runes[:longest])) + "..."
	}
	return strconv.Quote(text)
}

func joinFileErrors(mistakes []*FileError) error {
	joined := make([]error, len(mistakes))
	for i, mistake := range mistakes {
		joined[i] = mistake
	}
	return errors.Join(joined...)
}
