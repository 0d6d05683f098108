package encode

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// appendJSON appends v to b. It writes lists, maps and floats itself, so that
// a float that is a whole number still looks like one, and leaves everything
// else to encoding/json. A struct's own float fields are encoding/json's too:
// there the type says that they are floats.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return appendFloat(b, v), nil
	case float32:
		return appendFloat(b, float64(v)), nil
	case string:
		return appendText(b, v)
	case time.Time:
		if oddOffset(v) {
			v = v.UTC()
		}
		return appendLibraryJSON(b, v)
	case map[string]any:
		return appendJSONDict(b, v)
	case []any:
		return appendJSONList(b, v)
	}
	return appendTypedJSON(b, reflect.ValueOf(v))
}

func appendJSONDict(b []byte, dict map[string]any) ([]byte, error) {
	if dict == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '{')
	var err error
	for i, key := range slices.Sorted(maps.Keys(dict)) {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(b, key); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendJSON(b, dict[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendJSONList(b []byte, list []any) ([]byte, error) {
	if list == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	var err error
	for i, elem := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, elem); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendTypedJSON is appendJSON for a type that it does not know: it makes
// lists and maps of any type the plain ones.
func appendTypedJSON(b []byte, v reflect.Value) ([]byte, error) {
	if jsonChecker.encodesItself(v.Type()) {
		return appendLibraryJSON(b, v.Interface())
	}
	if v.CanAddr() && (v.Kind() == reflect.Struct || jsonChecker.pointerEncodesItself(v)) {
		return appendLibraryJSON(b, v.Addr().Interface()) // so that methods of the pointer are called
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return appendFloat(b, v.Float()), nil
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return appendElemJSON(b, v.Elem())
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 || v.Kind() == reflect.Slice && v.IsNil() {
			break
		}
		return appendSliceJSON(b, v)
	case reflect.Map:
		if v.IsNil() || !hasJSONKeys(v.Type()) {
			break
		}
		dict := make(map[string]any, v.Len())
		for iter := v.MapRange(); iter.Next(); {
			key, err := jsonKey(iter.Key())
			if err != nil {
				return nil, err
			}
			if _, twice := dict[key]; twice {
				return nil, fmt.Errorf("two keys of a %s have the same text", v.Type())
			}
			dict[key] = iter.Value().Interface()
		}
		return appendJSONDict(b, dict)
	}
	return appendLibraryJSON(b, v.Interface())
}

// hasJSONKeys reports whether the keys of a map of type t can be the text that a
// JSON object needs.
func hasJSONKeys(t reflect.Type) bool {
	k := t.Key().Kind()
	return k == reflect.String || k >= reflect.Int && k <= reflect.Uintptr || t.Key().Implements(textMarshaler)
}

// jsonKey returns the text that encoding/json writes for a map's key.
func jsonKey(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		if (key.Kind() == reflect.Pointer || key.Kind() == reflect.Interface) && key.IsNil() {
			return "", nil
		}
		text, err := m.MarshalText()
		return string(text), err
	}
	if key.CanInt() {
		return strconv.FormatInt(key.Int(), 10), nil
	}
	return strconv.FormatUint(key.Uint(), 10), nil
}

func appendSliceJSON(b []byte, v reflect.Value) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendElemJSON(b, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendElemJSON appends what a pointer points to, or an element. v may be
// addressable, unlike the copy of it in an interface.
func appendElemJSON(b []byte, v reflect.Value) ([]byte, error) {
	k := v.Kind()
	builtin := v.Type().PkgPath() == "" && (k <= reflect.Float64 || k == reflect.String)
	if builtin || k == reflect.Interface || v.Type() == timeType {
		return appendJSON(b, v.Interface())
	}
	return appendTypedJSON(b, v)
}

// oddOffset reports whether t's zone is off from UTC by more than RFC 3339 can
// write, which is hours and minutes. Local times were, a century ago.
func oddOffset(t time.Time) bool {
	_, seconds := t.Zone()
	return seconds%60 != 0
}

// appendText appends s in quotes. Most text needs no escape; encoding/json
// knows the rules for the rest.
func appendText(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		// 0xe2 begins the line separators U+2028 and U+2029.
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == 0xe2 || c == 0x7f {
			return appendLibraryJSON(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"'), nil
}

// appendFloat appends f as encoding/json does, and .0 where it would look like
// an integer. A float32 is written as the float64 that it is equal to: its own
// shortest text, 0.1, would be read as another number. That f is finite has been
// checked.
func appendFloat(b []byte, f float64) []byte {
	start := len(b)
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, 64)
	if format == 'f' && bytes.IndexByte(b[start:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}

// appendLibraryJSON appends what encoding/json makes of v, without escaping
// what only matters inside HTML.
func appendLibraryJSON(b []byte, v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...), nil
}
