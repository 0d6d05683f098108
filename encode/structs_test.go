package encode_test

import (
	"net/netip"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

type (
	Entity  struct{ ID, Version int }
	Stamped struct{ ID, Stamp int }

	// named gives the embedded struct a name, which most libraries take for a field.
	named struct {
		Entity `json:"entity"`
		Name   string
	}
	namedPointer struct {
		*Entity `json:"entity"`
		Name    string
	}
	apart struct {
		Entity `msgpack:",noinline"`
		Name   string
	}
	within struct {
		Inner Entity `msgpack:",inline"`
		Name  string
	}
	quoted struct {
		Text  string  `json:"text,string"`
		Count int     `json:"count,string"`
		Ratio float64 `json:"ratio,string"`
		On    *bool   `json:"on,string"`
	}
	// wide has so many fields that an unstable sort would move equal ones.
	wide struct {
		Entity
		A, B, C, D, E, F, G, H, I, J, K, L, M, N, O int
		ID                                          string
	}
	// level is a number that JSON writes as a word, but not where it is a key.
	level int
	// word is text that JSON writes with a mark, but not where it is a key.
	word string
)

func (l level) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strings.Repeat("i", int(l)) + `"`), nil
}
func (l *level) UnmarshalJSON(b []byte) error { *l = level(len(b) - 2); return nil }

func (w word) MarshalJSON() ([]byte, error)  { return []byte(`"!` + string(w) + `"`), nil }
func (w *word) UnmarshalJSON(b []byte) error { *w = word(b[2 : len(b)-1]); return nil }

// What a codec writes of a struct or a map it reads into the same type, whatever
// its tags say and wherever it is.
func TestStructsAndMapsComeBack(t *testing.T) {
	on, third := true, float32(1)/3
	values := map[string]map[string]any{
		"a named embedded struct":  around(named{Entity{7, 1}, "x"}),
		"a named embedded pointer": around(namedPointer{&Entity{7, 1}, "x"}), "a nil one": around(namedPointer{nil, "x"}),
		"an embedded struct apart": around(apart{Entity{7, 1}, "x"}), "an inner struct": around(within{Entity{7, 1}, "x"}),
		"quoted": around(quoted{`7"`, 7, 0.1, &on}), "empty quoted": around(quoted{}),
		"a hidden field among many": around(wide{Entity: Entity{Version: 2}, A: 1, O: 15, ID: "outer"}),
		"floats at numbers":         around(map[int8]float32{-1: third, 2: 3}), "lists at numbers": around(map[uint][]float32{1: {third}}),
		"structs at numbers": around(map[int]struct{ F float32 }{1: {third}}), "maps at numbers": around(map[int]map[string]float32{1: {"a": third}}), "pointers at numbers": around(map[int]*float32{1: &third}),
		"words at levels": around(map[level]word{3: "a"}), "levels at words": around(map[word]level{"a": 3, "": 0}),
	}
	for name, codec := range allCodecs() {
		for what, places := range values {
			for where, v := range places {
				if strings.Contains(where, "any") || where == "a list" || where == "a pointer in a list" {
					continue // whose type is not that of v
				}
				comesBack(t, codec.Encode, codec.Decode, name+": "+what+" in "+where, v)
			}
		}
	}
	json := allCodecs()["json"]
	comesBack(t, json.Encode, json.Decode, "json: floats at addresses", map[netip.Addr]float32{netip.MustParseAddr("::1"): third})
}

func comesBack(t *testing.T, encode func(any) ([]byte, error), decode func([]byte, any) error, what string, v any) {
	t.Helper()
	data, err := encode(v)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	back := reflect.New(reflect.TypeOf(v))
	if err := decode(data, back.Interface()); err != nil {
		t.Errorf("%s: %q: %v", what, data, err)
	} else if got := back.Elem().Interface(); !reflect.DeepEqual(got, v) {
		t.Errorf("%s: %q came back as %+v, want %+v", what, data, got, v)
	}
}

// Of two embedded structs with a field of one name every other field comes back.
func TestFieldsBesideTwinsComeBack(t *testing.T) {
	type twins struct {
		Entity
		Stamped
		Name string
	}
	type later struct {
		ID int
		Entity
	}
	for name, codec := range allCodecs() {
		if name != "pickle" { // which refuses twins
			data, err := codec.Encode(twins{Entity{1, 2}, Stamped{3, 4}, "x"})
			var got twins
			if err == nil {
				err = codec.Decode(data, &got)
			}
			if err != nil || got.Version != 2 || got.Stamp != 4 || got.Name != "x" {
				t.Errorf("%s: twins came back as %+v, %v", name, got, err)
			}
		}
		data, err := codec.Encode(later{5, Entity{1, 2}})
		var got later
		if err == nil {
			err = codec.Decode(data, &got)
		}
		if err != nil || got.ID != 5 || got.Version != 2 {
			t.Errorf("%s: a hidden field came back as %+v, %v", name, got, err)
		}
	}
}

type hiddenEntity struct{ ID int }

// A field that Go does not let a decoder set is an error, not a zero.
func TestFieldsThatCannotBeSet(t *testing.T) {
	type outer struct {
		*hiddenEntity
		Name string
	}
	for name, codec := range allCodecs() {
		for _, v := range []outer{{&hiddenEntity{7}, "x"}, {nil, "x"}} {
			data, err := codec.Encode(v)
			if err != nil {
				t.Fatal(err)
			}
			var got outer
			if err := codec.Decode(data, &got); (err == nil) != (v.hiddenEntity == nil) {
				t.Errorf("%s: %q came back as %+v, %v", name, data, got, err)
			}
		}
	}
}

// The error of a number that a format has no type for says what to store.
func TestUintptrIsRefused(t *testing.T) {
	for name, codec := range allCodecs() {
		_, err := codec.Encode(map[string]any{"key": syscall.Errno(2)})
		if name != "json" && name != "pickle" && (err == nil || !strings.Contains(err.Error(), "key: a syscall.Errno cannot be stored")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
