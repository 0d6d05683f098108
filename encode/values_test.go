package encode_test

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

func bigInt(s string) *big.Int {
	i, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic(s)
	}
	return i
}

// TestWhatComesBack has, for each codec, what a value of any Go type is after
// a round trip through an any.
func TestWhatComesBack(t *testing.T) {
	type role string
	type level int8
	huge := "123456789012345678901234567890"
	for _, c := range []struct {
		value                any
		cbor, json, msgpack_ any
	}{
		{7, int64(7), int64(7), int64(7)},
		{int8(-7), int64(-7), int64(-7), int64(-7)},
		{uint16(60000), int64(60000), int64(60000), int64(60000)},
		{uint64(200), int64(200), int64(200), int64(200)},
		{uint64(math.MaxUint64), bigInt("18446744073709551615"), bigInt("18446744073709551615"), uint64(math.MaxUint64)},
		{bigInt(huge), bigInt(huge), bigInt(huge), nil},
		{bigInt("-" + huge), bigInt("-" + huge), bigInt("-" + huge), nil},
		{float32(0.5), 0.5, 0.5, 0.5},
		{float32(2), 2.0, 2.0, 2.0},
		{math.Copysign(0, -1), math.Copysign(0, -1), math.Copysign(0, -1), math.Copysign(0, -1)},
		{role("admin"), "admin", "admin", "admin"},
		{level(3), int64(3), int64(3), int64(3)},
		{map[string]any(nil), nil, nil, nil},
		{[]any(nil), nil, nil, nil},
		{[]byte(nil), nil, nil, nil},
		{[]byte{1}, []byte{1}, "AQ==", []byte{1}},
		{[]float64{1, 2.5}, []any{1.0, 2.5}, []any{1.0, 2.5}, []any{1.0, 2.5}},
		{[2]bool{true}, []any{true, false}, []any{true, false}, []any{true, false}},
		{map[string]float64{"a": 3}, map[string]any{"a": 3.0}, map[string]any{"a": 3.0}, map[string]any{"a": 3.0}},
		{map[int]string{-300: "x"}, map[any]any{int64(-300): "x"}, map[string]any{"-300": "x"}, map[any]any{int64(-300): "x"}},
		{map[any]any{"a": 1}, map[string]any{"a": int64(1)}, nil, map[string]any{"a": int64(1)}},
		{map[any]any{"a": 1, 2: "b"}, map[any]any{"a": int64(1), int64(2): "b"}, nil, map[any]any{"a": int64(1), int64(2): "b"}},
		{struct {
			A int `json:"a"`
			B any
		}{1, "x"}, map[string]any{"a": int64(1), "B": "x"}, map[string]any{"a": int64(1), "B": "x"}, map[string]any{"a": int64(1), "B": "x"}},
		{time.Unix(1, 5).UTC(), time.Unix(1, 5).UTC(), "1970-01-01T00:00:01.000000005Z", time.Unix(1, 5).UTC()},
		{time.Unix(1, 0).In(time.FixedZone("", 3600)), time.Unix(1, 0).UTC(), "1970-01-01T01:00:01+01:00", time.Unix(1, 0).UTC()},
		{time.Time{}, time.Time{}, "0001-01-01T00:00:00Z", time.Time{}},
		{new(7), int64(7), int64(7), int64(7)},
		{(*int)(nil), nil, nil, nil},
		{"a<b>&\u2028", "a<b>&\u2028", "a<b>&\u2028", "a<b>&\u2028"},
	} {
		for name, want := range map[string]any{"cbor": c.cbor, "json": c.json, "msgpack": c.msgpack_} {
			codec := builtin()[name]
			what := fmt.Sprintf("%s: %T(%v)", name, c.value, c.value)
			data, err := codec.Encode(map[string]any{"v": c.value})
			if err != nil {
				if want != nil {
					t.Errorf("%s: %v", what, err)
				}
				continue
			}
			var back map[string]any
			if err := codec.Decode(data, &back); err != nil {
				t.Errorf("%s: %v", what, err)
			} else if !reflect.DeepEqual(back["v"], want) {
				t.Errorf("%s: came back as %T(%v), want %T(%v)", what, back["v"], back["v"], want, want)
			}
		}
	}
}

// TestAnyInsideTypedTargets checks that an any has the promised types where it
// is a field, an element or a value of a typed target too.
func TestAnyInsideTypedTargets(t *testing.T) {
	type inner struct{ Any any }
	type outer struct {
		One  inner
		List []inner
		Map  map[string]inner
		Ptr  *inner
		Free map[string]any
	}
	value := map[string]any{"Any": map[string]any{"n": 300, "m": map[string]any{"k": []any{40000}}}}
	want := map[string]any{"n": int64(300), "m": map[string]any{"k": []any{int64(40000)}}}
	for name, codec := range builtin() {
		data, err := codec.Encode(map[string]any{"One": value, "List": []any{value}, "Map": map[string]any{"x": value}, "Ptr": value, "Free": value})
		if err != nil {
			t.Fatal(err)
		}
		var got outer
		if err := codec.Decode(data, &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for where, v := range map[string]any{"field": got.One.Any, "element": got.List[0].Any, "value": got.Map["x"].Any, "pointer": got.Ptr.Any, "dict": got.Free["Any"]} {
			if !reflect.DeepEqual(v, want) {
				t.Errorf("%s: %s: %#v", name, where, v)
			}
		}
	}
}

func TestIntegersThatDoNotFit(t *testing.T) {
	type embedded struct{ E int8 }
	type target struct {
		embedded
		A int8            `json:"a"`
		B []uint8         `json:"b"`
		C map[string]int8 `json:"c"`
		D map[int8]string `json:"d"`
		E map[int]*int16  `json:"e"`
		F uint            `json:"f"`
		G [1]uint16       `json:"g"`
	}
	for name, codec := range builtin() {
		for _, value := range []map[string]any{
			{"a": 128}, {"b": []any{256}}, {"c": map[string]any{"x": -129}}, {"d": map[int]string{300: "x"}}, {"e": map[int]any{1: 1 << 15}},
			{"f": -1}, {"g": []any{1 << 16}}, {"E": 1000}, {"a": uint64(math.MaxUint64)},
		} {
			data, err := codec.Encode(value)
			if err != nil {
				t.Fatal(err)
			}
			var got target
			if err := codec.Decode(data, &got); err == nil {
				t.Errorf("%s: %v was decoded as %+v", name, value, got)
			}
		}
		data, err := codec.Encode(map[string]any{"a": -128, "c": map[string]any{"x": 127}, "d": map[int]string{-5: "x"}, "e": map[int]any{1: 7}, "f": 1, "g": []any{65535}, "E": 1})
		if err != nil {
			t.Fatal(err)
		}
		var got target
		if err := codec.Decode(data, &got); err != nil || got.A != -128 || got.C["x"] != 127 || got.D[-5] != "x" || *got.E[1] != 7 || got.embedded.E != 1 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestJSONReadsAndWritesAsPython(t *testing.T) {
	// What Python 3's json.dumps writes with sort_keys and compact separators.
	const python = `{"big":123456789012345678901234567890,"e":1e+16,"float":3.0,"int":3,"text":"\u00e9\ud83d\ude00","dup":1,"dup":2}`
	var got map[string]any
	if err := encode.JSON.Decode([]byte(python), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"big": bigInt("123456789012345678901234567890"), "e": 1e16, "float": 3.0, "int": int64(3), "text": "é😀", "dup": int64(2)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
	data, err := encode.JSON.Encode(got)
	if text := `{"big":123456789012345678901234567890,"dup":2,"e":10000000000000000.0,"float":3.0,"int":3,"text":"é😀"}`; err != nil || string(data) != text {
		t.Errorf("wrote %s, %v", data, err)
	}
}

func TestAnyTargetsAreReplaced(t *testing.T) {
	for name, codec := range builtin() {
		data, err := codec.Encode(map[string]any{"new": 1})
		if err != nil {
			t.Fatal(err)
		}
		old := map[string]any{"old": 1}
		dict, tree := old, any(&old)
		if err := codec.Decode(data, &dict); err != nil || len(dict) != 1 || dict["new"] != int64(1) {
			t.Errorf("%s: %v, %v", name, dict, err)
		}
		if err := codec.Decode(data, &tree); err != nil || !reflect.DeepEqual(tree, dict) || len(old) != 1 {
			t.Errorf("%s: %v, %v", name, tree, err)
		}
	}
}
