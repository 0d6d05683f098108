package settings

import (
	"strings"
)

// The decoder of TOML calls itself for every bracket, without a bound: a megabyte of them
// would end the process. A dotted key becomes as many tables.

// boundedTOML refuses brackets and dots that go deeper than deepest. It only skips text
// and comments; whether the rest is TOML is the decoder's business.
func (c mappingCodec) boundedTOML(text string) error {
	open, dots, line := 0, 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\n':
			line++
			dots = 0
		case '=', ',':
			dots = 0
		case '#':
			i += tomlSkip(text[i:], "\n") - 2 // the line's end is read next
		case '"', '\'':
			length := tomlText(text[i:])
			line += strings.Count(text[i:i+length], "\n")
			i += length - 1
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case '.':
			dots++
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
