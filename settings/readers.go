package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// reader is how a value is written: what an error and the documentation say of it, and the
// strict reading of it. read never sees an absent value (see absent), and its error never
// repeats the value.
type reader struct {
	want  string
	short string // for the reference's table, where want is long and comes often
	read  func(raw any) (any, error)
}

// errShape says that a value is not of its kind at all; the reader of the error is then
// told what the kind is.
var errShape = errors.New("not of this kind")

// onOff reads the words of Pyramid's asbool. Where asbool takes every other word for
// false, onOff refuses it.
var onOff = reader{
	want:  "true or false (also yes, no, on, off, t, f, y, n, 1, 0)",
	short: "true or false",
	read:  func(raw any) (any, error) { return readOnOff(raw) },
}

func readOnOff(raw any) (bool, error) {
	value := reflect.ValueOf(raw)
	switch {
	case value.Kind() == reflect.Bool:
		return value.Bool(), nil
	case value.CanInt() && value.Int() == 0, value.CanUint() && value.Uint() == 0, value.CanFloat() && value.Float() == 0:
		return false, nil
	case value.CanInt() && value.Int() == 1, value.CanUint() && value.Uint() == 1, value.CanFloat() && value.Float() == 1:
		return true, nil
	}
	text, ok := textOf(raw)
	if !ok {
		return false, errShape
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "t", "yes", "y", "on", "1":
		return true, nil
	case "false", "f", "no", "n", "off", "0":
		return false, nil
	}
	return false, errShape
}

// choice reads one of some words, in any case. Where the words are a switch, the words of
// onOff work too: YAML 1.1, Python and TOML write on and off as true and false.
func choice[T ~string](words ...T) reader {
	listed := make([]string, len(words))
	for i, word := range words {
		listed[i] = string(word)
	}
	return reader{
		want: "one of " + strings.Join(listed, ", "),
		read: func(raw any) (any, error) {
			if text, ok := textOf(raw); ok {
				word := T(strings.ToLower(strings.TrimSpace(text)))
				if slices.Contains(words, word) {
					return word, nil
				}
			}
			on, err := readOnOff(raw)
			if err != nil {
				return nil, errShape
			}
			for _, word := range [2][2]T{{"false", "off"}, {"true", "on"}}[index(on)] {
				if slices.Contains(words, word) {
					return word, nil
				}
			}
			return nil, errShape
		},
	}
}

func index(on bool) int {
	if on {
		return 1
	}
	return 0
}

// text reads a string that passes the checks. A number or a boolean is refused: YAML has
// read it already, and 0123 is 83 by then.
func text(want string, checks ...func(string) error) reader {
	return reader{want: want, read: func(raw any) (any, error) {
		value, ok := textOf(raw)
		if !ok {
			return nil, notText(raw)
		}
		value = strings.TrimSpace(value)
		for _, check := range checks {
			if err := check(value); err != nil {
				return nil, err
			}
		}
		return value, nil
	}}
}

// secretText reads a secret exactly as it stands, spaces included.
var secretText = reader{
	want: "text",
	read: func(raw any) (any, error) {
		value, ok := textOf(raw)
		if !ok {
			return nil, notText(raw)
		}
		return Secret(value), nil
	},
}

// location reads a URL, which may hold a password but has no use for spaces around it.
func location(want string, checks ...func(string) error) reader {
	k := text(want, checks...)
	return reader{want: want, read: func(raw any) (any, error) {
		value, err := k.read(raw)
		if err != nil {
			return nil, err
		}
		return Secret(value.(string)), nil
	}}
}

// only reads a setting that Python can choose and Go cannot.
func only(value, why string, spellings ...string) reader {
	return reader{want: value, read: func(raw any) (any, error) {
		text, ok := textOf(raw)
		if ok && slices.Contains(append(spellings, value), strings.ToLower(strings.TrimSpace(text))) {
			return value, nil
		}
		return nil, fmt.Errorf("only %s exists here: %s", value, why)
	}}
}

func textOf(raw any) (string, bool) {
	value := reflect.ValueOf(raw)
	if value.Kind() != reflect.String {
		return "", false
	}
	return value.String(), true
}

func notText(raw any) error {
	switch value := reflect.ValueOf(raw); {
	case value.CanInt(), value.CanUint(), value.CanFloat(), value.Kind() == reflect.Bool:
		return errNotText
	}
	return errShape
}

// absent reports whether a value means "not set": nothing, blank, an empty list, or
// Python's None.
func absent(raw any) bool {
	if text, ok := textOf(raw); ok {
		text = strings.TrimSpace(text)
		return text == "" || text == "None"
	}
	value := reflect.ValueOf(raw)
	switch value.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice, reflect.Array, reflect.Map:
		return value.Len() == 0
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan:
		return value.IsNil()
	}
	return false
}
