package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// moment reads a time of day with its date, as RFC 3339 writes it. YAML and TOML have read
// such a value already.
var moment = reader{
	want:  "a time as RFC 3339 writes it (2026-11-26T10:00:00Z)",
	short: "a time like 2026-11-26T10:00:00Z",
	read: func(raw any) (any, error) {
		if t, ok := raw.(time.Time); ok {
			return checkMoment(t)
		}
		text, ok := textOf(raw)
		if !ok {
			return nil, errShape
		}
		text = strings.TrimSpace(text)
		t, err := time.Parse(time.RFC3339, text)
		if err == nil {
			return checkMoment(t)
		}
		for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly} {
			if _, err := time.Parse(layout, text); err == nil {
				return nil, errors.New("lacks its time of day or its zone: write 2026-11-26T10:00:00Z, or 2026-11-26T11:00:00+01:00")
			}
		}
		return nil, errShape
	},
}

// checkMoment refuses times that no session can have been created at.
func checkMoment(t time.Time) (any, error) {
	if t.Year() < 1970 || t.Year() > 2261 {
		return nil, errors.New("is not between the years 1970 and 2261")
	}
	return t.UTC(), nil
}

// words reads a list of some words, in any case.
func words[T ~string](choices ...T) reader {
	listed := make([]string, len(choices))
	for i, word := range choices {
		listed[i] = string(word)
	}
	want := "words out of " + strings.Join(listed, ", ") + ", separated by spaces, commas or lines"
	return reader{want: want, short: "words out of " + strings.Join(listed, ", "), read: func(raw any) (any, error) {
		return eachWord(raw, func(list []T, text string) ([]T, error) {
			word := T(strings.ToLower(text))
			if !slices.Contains(choices, word) {
				return nil, fmt.Errorf("word %d is none of %s", len(list)+1, strings.Join(listed, ", "))
			}
			if slices.Contains(list, word) {
				return list, nil
			}
			return append(list, word), nil
		})
	}}
}

// headerName is the name of a header, RFC 9110 section 5.1.
func headerName(value string) error {
	if !token.MatchString(value) {
		return errors.New("expected the name of a header: letters, digits and -")
	}
	return nil
}
