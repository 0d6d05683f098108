package encodetest

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
)

// good is a codec that keeps every rule; the broken ones below differ from it
// in one way each.
var good = encode.CBOR

// broken names, for each rule, a codec that breaks it and that the rule's
// check must therefore find fault with.
var broken = map[string]encode.Codec{
	"empty": decoding(func(data []byte, v any) error {
		err := good.Decode(data, v)
		if dict, ok := v.(*map[string]any); ok && len(*dict) == 0 {
			*dict = nil
		}
		return err
	}),
	"strings":      changing(func(dict map[string]any) { dict["empty"] = nil }),
	"keys":         changing(func(dict map[string]any) { delete(dict, "") }),
	"bools":        changing(func(dict map[string]any) { dict["yes"] = int64(1) }),
	"nil":          changing(func(dict map[string]any) { delete(dict, "none") }),
	"integers":     plainJSON,
	"floats":       changing(func(dict map[string]any) { dict["tenth"] = float64(float32(0.1)) }),
	"whole-floats": changing(func(dict map[string]any) { dict["three"] = int64(3) }),
	"bytes":        encode.JSON,
	"time":         encode.JSON,
	"lists":        changing(func(dict map[string]any) { dict["empty"] = nil }),
	"nested":       changing(func(dict map[string]any) { delete(dict["user"].(map[string]any), "none") }),
	"large":        changing(func(dict map[string]any) { delete(dict, "key-0999") }),
	"any-target": decoding(func(data []byte, v any) error {
		if v, ok := v.(*any); ok {
			*v = map[any]any{}
			return nil
		}
		return good.Decode(data, v)
	}),
	"typed-struct": decoding(onlyDicts),
	"typed-slice":  decoding(onlyDicts),
	"typed-map":    decoding(onlyDicts),
	"typed-time":   decoding(onlyDicts),
	"wrong-type":   decoding(func([]byte, any) error { return nil }),
	"bad-target":   decoding(func(data []byte, v any) error { return ignore(good.Decode(data, v)) }),
	"no-data":      decoding(func(data []byte, v any) error { return ignore(good.Decode(data, v)) }),
	"garbage":      decoding(panicking),
	"truncated":    decoding(panicking),
	"damaged":      decoding(panicking),
	"trailing": decoding(func(data []byte, v any) error {
		for n := len(data); n > 0; n-- {
			if good.Decode(data[:n], v) == nil {
				return nil
			}
		}
		return errors.New("malformed")
	}),
	"keeps-input": decoding(func(data []byte, v any) error {
		err := good.Decode(data, v)
		clear(data)
		return err
	}),
	"copies-input": decoding(func(data []byte, v any) error {
		err := good.Decode(data, v)
		if dict, ok := v.(*map[string]any); ok && err == nil {
			(*dict)["name"] = data[:4]
		}
		return err
	}),
	"keeps-value": encoding(func(v any) ([]byte, error) {
		data, err := good.Encode(v)
		clear(v.(map[string]any))
		return data, err
	}),
	"copies-value": encoding(func(v any) ([]byte, error) { return v.(map[string]any)["bytes"].([]byte), nil }),
	"unencodable":  encoding(func(any) ([]byte, error) { return nil, nil }),
	"cyclic":       encoding(func(any) ([]byte, error) { return nil, nil }),
	"deep":         encoding(func(any) ([]byte, error) { return good.Encode("something else") }),
	"concurrent":   changing(func(dict map[string]any) { clear(dict) }),
	"deterministic": encoding(func() encode.Encoder {
		calls := byte(0)
		return func(v any) ([]byte, error) {
			calls++
			data, err := good.Encode(v)
			return append(data, calls), err
		}
	}()),
}

// plainJSON is what most people write first.
var plainJSON = encode.Codec{Encode: json.Marshal, Decode: json.Unmarshal}

func encoding(e encode.Encoder) encode.Codec { return encode.Codec{Encode: e, Decode: good.Decode} }

func decoding(d encode.Decoder) encode.Codec { return encode.Codec{Encode: good.Encode, Decode: d} }

// changing is a codec that loses something.
func changing(lose func(map[string]any)) encode.Codec {
	return decoding(func(data []byte, v any) error {
		err := good.Decode(data, v)
		if dict, ok := v.(*map[string]any); ok && err == nil {
			lose(*dict)
		}
		return err
	})
}

func onlyDicts(data []byte, v any) error {
	if _, ok := v.(*map[string]any); !ok {
		return errors.New("only a dict")
	}
	return good.Decode(data, v)
}

func panicking(data []byte, v any) error {
	if err := good.Decode(data, v); err != nil {
		panic(err)
	}
	return nil
}

func ignore(error) error { return nil }

func TestGoodCodecKeepsEveryRule(t *testing.T) {
	TestCodec(t, good, Deterministic())
}

func TestBrokenCodecsAreFound(t *testing.T) {
	for _, r := range rules {
		codec, ok := broken[r.name]
		if !ok {
			t.Errorf("%s: no broken codec shows that the rule can fail", r.name)
			continue
		}
		if err := r.check(codec); err == nil {
			t.Errorf("%s: a codec that breaks the rule passed", r.name)
		}
	}
	for name := range broken {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.name == name }) {
			t.Errorf("%s: no such rule", name)
		}
	}
}

func TestWithoutLeavesRulesOut(t *testing.T) {
	TestCodec(t, encode.JSON, Deterministic(), Without("bytes", "time"))
}
