package settings

import (
	"errors"
	"regexp"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// The decoder of TOML calls itself for every bracket, without a bound: a megabyte of them
// would end the process. A dotted key becomes as many tables.

// boundedTOML refuses brackets and dots that go deeper than deepest, and more keys and
// tables than mostKeys. It only skips text
// and comments; whether the rest is TOML is the decoder's business.
func (c mappingCodec) boundedTOML(text string) error {
	open, dots, line, keys := 0, 0, 1, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\n':
			line++
			dots = 0
		case '=', ',':
			dots = 0
			if text[i] == '=' {
				keys++
			}
		case '#':
			i += tomlSkip(text[i:], "\n") - 2 // the line's end is read next
		case '"', '\'':
			length := tomlText(text[i:])
			line += strings.Count(text[i:i+length], "\n")
			i += length - 1
		case '[', '{':
			open++
			keys++
		case ']', '}':
			open = max(0, open-1)
		case '.':
			dots++
			keys++
		}
		if keys > mostKeys {
			return c.tooManyKeys(line)
		}
		if open > deepest || dots > deepest {
			return &FileError{File: c.file(), Line: line, Err: errTooDeep}
		}
	}
	return nil
}

// tomlText returns the length of the quoted text at the beginning of s, which is all of s
// when the text does not end.
func tomlText(s string) int {
	quote := s[:1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s, triple) {
		return 3 + closing(s[3:], triple)
	}
	return 1 + closing(s[1:], quote)
}

// closing returns where the text after a quotation mark ends, its end included.
func closing(s, end string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && end[0] == '"':
			i++
		case s[i] == '\n' && len(end) == 1:
			return i // malformed: a text in one line ends with it
		case strings.HasPrefix(s[i:], end):
			return i + len(end)
		}
	}
	return len(s)
}

// tomlSkip returns the length of s up to and with end.
func tomlSkip(s, end string) int {
	if at := strings.Index(s, end); at >= 0 {
		return at + len(end)
	}
	return len(s) + 1
}

// bareText matches a value that begins like text and is none of TOML's words, and bareDigits
// one that begins like a number and goes on like text (20m).
var (
	bareText   = regexp.MustCompile(`^[^=]*=\s*[\pL_/.]`)
	bareDigits = regexp.MustCompile(`^[^=]*=\s*[+-]?\d[^\s#\pL]*\pL`)
	tomlWords  = regexp.MustCompile(`^[^=]*=\s*(true|false|inf|nan)\b`)
)

// tomlProblem says what is wrong with a line, as far as that can be told without repeating
// it.
func tomlProblem(text string, line int) string {
	lines := splitLines(text)
	if line < 1 || line > len(lines) {
		return "is not TOML"
	}
	content := strings.TrimSpace(lines[line-1])
	switch {
	case bareText.MatchString(content) && !tomlWords.MatchString(content), bareDigits.MatchString(content):
		return "is not TOML: text must stand in quotes"
	case strings.Count(content, `"`)%2 == 1 || strings.Count(content, "'")%2 == 1:
		return "is not TOML: a text in quotes does not end in its line"
	case strings.HasPrefix(content, "[") && !strings.Contains(content, "]"):
		return "is not TOML: the table's name has no closing ]"
	case content != "" && !strings.ContainsAny(content, "=[]{}"):
		return "is not TOML: expected key = value"
	}
	return "is not TOML"
}

// tomlTwiceLine returns the line of the key that is given for the second time, of which the
// decoder does not tell the place: the first line with which the text above is wrong in
// that way.
func tomlTwiceLine(text string) int {
	lines := strings.SplitAfter(text, "\n")
	return 1 + sort.Search(len(lines)-1, func(i int) bool {
		var read map[string]any
		err := toml.Unmarshal([]byte(strings.Join(lines[:i+1], "")), &read)
		return err != nil && !errors.As(err, new(*toml.DecodeError))
	})
}
