package record

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

// writesJSON reports whether a codec writes JSON; see writesOrder.
func writesJSON(c encode.Codec) bool {
	data := tried(c, map[string]any{"a": true})
	var back any
	return json.Unmarshal(data, &back) == nil && len(data) > 0 && data[0] == '{'
}

// asPythonWrites returns a record of JSON as Python's json.dumps writes it, blanks,
// escapes and floats included, with the members in the order given, and dicts in the
// order that they have in prior. A record that is not JSON is returned as it is.
func asPythonWrites(record []byte, members []string, prior any) []byte {
	dec := json.NewDecoder(bytes.NewReader(record))
	dec.UseNumber()
	var whole map[string]any
	if dec.Decode(&whole) != nil || whole == nil {
		return record
	}
	if _, err := dec.Token(); err != io.EOF {
		return record
	}
	return appendPythonJSON(make([]byte, 0, len(record)+len(record)/4), membersInOrder(whole, members, prior))
}

func appendPythonJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendPythonText(b, v)
	case json.Number:
		return appendPythonNumber(b, string(v))
	case []any:
		b = append(b, '[')
		for i, elem := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendPythonJSON(b, elem)
		}
		return append(b, ']')
	case map[string]any:
		items := make([]pickle.Item, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			items = append(items, pickle.Item{Key: key, Value: v[key]})
		}
		return appendPythonDict(b, items)
	case *pickle.Dict:
		return appendPythonDict(b, v.Items)
	}
	return b // encoding/json decodes into no other type
}

func appendPythonDict(b []byte, items []pickle.Item) []byte {
	b = append(b, '{')
	for i, item := range items {
		if i > 0 {
			b = append(b, ", "...)
		}
		key, _ := item.Key.(string)
		b = append(appendPythonText(b, key), ": "...)
		b = appendPythonJSON(b, item.Value)
	}
	return append(b, '}')
}

// appendPythonText writes text with all but printable ASCII escaped (ensure_ascii).
func appendPythonText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	unit := func(r rune) {
		b = append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	b = append(b, '"')
	for _, r := range s {
		short := strings.IndexRune("\"\\\n\r\t\f\b", r)
		switch {
		case short >= 0:
			b = append(b, '\\', `"\nrtfb`[short])
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r >= 0x10000 && r <= utf8.MaxRune:
			high, low := utf16.EncodeRune(r)
			unit(high)
			unit(low)
		default:
			unit(r)
		}
	}
	return append(b, '"')
}

// appendPythonNumber writes a number as repr does. What has a point or an exponent is
// a float in Python.
func appendPythonNumber(b []byte, text string) []byte {
	if !strings.ContainsAny(text, ".eE") {
		if text == "-0" {
			text = "0"
		}
		return append(b, text...)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return append(b, text...)
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if !bytes.ContainsRune(b[start:], '.') {
		b = append(b, ".0"...)
	}
	return b
}

// orderedJSON returns what a record of JSON holds, with *pickle.Dicts for objects, or
// nil where it holds none.
func orderedJSON(record []byte) any {
	dec := json.NewDecoder(bytes.NewReader(record))
	v, err := nextJSON(dec)
	if err != nil {
		return nil
	}
	return v
}

func nextJSON(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			elem, err := nextJSON(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, elem)
		}
		_, err = dec.Token()
		return list, err
	case json.Delim('{'):
		dict := &pickle.Dict{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			value, err := nextJSON(dec)
			if err != nil {
				return nil, err
			}
			dict.Items = append(dict.Items, pickle.Item{Key: key, Value: value})
		}
		_, err = dec.Token()
		return dict, err
	}
	return token, nil
}
