package encode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
)

// JSON is the codec named json: RFC 8259, by encoding/json, and what Python's
// json.dumps and json.loads write and read.
//
// An integer stays an integer, of any size, and a float stays a float: 3.0 is
// written as 3.0. Map keys are sorted. JSON has no type for bytes, which are
// written as base64 text, nor for times, which are written as RFC 3339 text;
// both come back as text unless they are decoded into a []byte or a
// time.Time. NaN and infinities, which Python writes though JSON has none,
// are refused, as is text that is not Unicode. Of equal keys the last one
// counts, as in Python.
var JSON = Codec{Encode: encodeJSON, Decode: decodeJSON}

var jsonChecker = newJSONChecker()

func newJSONChecker() *checker {
	c := newChecker(jsonFields, reflect.TypeFor[json.Marshaler](), textMarshaler)
	c.asText = true
	c.pointers = addressable
	return c
}

func encodeJSON(v any) (data []byte, err error) {
	defer guard("json", "encoding", &err)
	seen, err := jsonChecker.check(v)
	if err != nil {
		return nil, &codecError{"json", "encoding", err}
	}
	if data, err = appendJSON(nil, v); err != nil {
		return nil, &codecError{"json", "encoding", err}
	}
	if seen.unsure {
		if err := scanJSON(data); err != nil {
			return nil, &codecError{"json", "encoding", fmt.Errorf("the result could not be read again: %w", err)}
		}
	}
	return data, nil
}

func decodeJSON(data []byte, v any) (err error) {
	defer guard("json", "decoding", &err)
	if err := decodeJSONInto(data, v); err != nil {
		return &codecError{"json", "decoding", err}
	}
	return nil
}

func decodeJSONInto(data []byte, v any) error {
	if err := checkTarget(v); err != nil {
		return err
	}
	if err := scanJSON(data); err != nil {
		return err
	}
	var tree any
	if err := readJSON(data, &tree); err != nil {
		return err
	}
	tree, err := tidy(tree)
	if err != nil {
		return err
	}
	return storeTree(jsonRules, v, tree)
}

// readJSON is json.Unmarshal that keeps numbers as they are written.
func readJSON(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		if err == io.EOF {
			return errShort
		}
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}
