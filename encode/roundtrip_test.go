package encode_test

import (
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

func TestRoundTrip(t *testing.T) {
	dict := map[string]any{"s": "é", "i": int64(300), "n": int64(-5), "f": 3.0, "g": 1e100, "nil": nil, "b": true,
		"l": []any{int64(1), "a", map[string]any{}}, "m": map[string]any{"x": []any{}}}
	for name, codec := range encode.Builtin() {
		if name == "cbor" || name == "json" {
			dict["big"], _ = new(big.Int).SetString("123456789012345678901234567890", 10)
		} else {
			delete(dict, "big")
		}
		if name != "json" {
			dict["bytes"] = []byte{1, 2}
			dict["t"] = time.Now().UTC().Round(0)
		} else {
			delete(dict, "bytes")
			delete(dict, "t")
		}
		data, err := codec.Encode(dict)
		if err != nil {
			t.Fatal(name, err)
		}
		var back map[string]any
		if err := codec.Decode(data, &back); err != nil {
			t.Fatal(name, err)
		}
		if !reflect.DeepEqual(dict, back) {
			t.Errorf("%s:\n%#v\n%#v", name, dict, back)
		}
	}
}
