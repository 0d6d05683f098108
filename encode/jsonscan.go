package encode

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanJSON refuses what encoding/json would let pass or change without a
// word: text that is not Unicode, nesting and counts beyond the limits. What
// is no JSON at all is left to the library.
func scanJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("the text is not valid UTF-8")
	}
	depth, cost := 0, 1 // of the outermost value
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{':
			depth++
			cost += mapCost
		case '[':
			depth++
			cost += listCost
		case '}', ']':
			depth--
		case ',', ':': // one value before it, or a key
			cost++
		case '"':
			size, err := skipJSONText(data[i:])
			if err != nil {
				return err
			}
			i += size - 1
		}
		if depth > MaxDepth {
			return fmt.Errorf("nested deeper than %d levels", MaxDepth)
		}
		if cost > MaxElements {
			return errTooMany
		}
	}
	return nil
}

// skipJSONText returns the length of the text, quotes included, that data
// begins with.
func skipJSONText(data []byte) (int, error) {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '"':
			return i + 1, nil
		case '\\':
			if r := escapedUnit(data[i:]); utf16.IsSurrogate(r) {
				if utf16.DecodeRune(r, escapedUnit(data[i+6:])) == utf8.RuneError {
					return 0, errors.New("half of a surrogate pair")
				}
				i += 6
			}
			i++
		}
	}
	return 0, errShort
}

// escapedUnit returns the UTF-16 code unit of the \uXXXX that data begins
// with, or 0.
func escapedUnit(data []byte) rune {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}
