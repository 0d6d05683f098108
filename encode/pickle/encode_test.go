package pickle_test

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

func throughPickle(t *testing.T, v any) any {
	t.Helper()
	data, err := pickle.Marshal(v)
	if err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	var back any
	if err := pickle.Unmarshal(data, &back); err != nil {
		t.Fatalf("%T: %v\n%x", v, err, data)
	}
	return back
}

type (
	named    string
	embedded struct {
		Inner int `json:"inner"`
		Same  string
	}
	Pointed struct{ Deep int }
	record  struct {
		Name    string    `json:"name"`
		Tag     int       `json:"json_name" pickle:"pickle_name"`
		Skipped string    `json:"-"`
		Empty   string    `json:",omitempty"`
		Zero    time.Time `json:"zero,omitzero"`
		hidden  int
		embedded
		*Pointed
		Same string
		Next *record `json:"next"`
	}
)

func TestGoTypes(t *testing.T) {
	n := 5
	big63 := new(big.Int).Lsh(big.NewInt(1), 63)
	for _, c := range []struct{ in, want any }{
		{int8(-5), int64(-5)}, {uint16(65535), int64(65535)}, {uint64(1 << 63), big63}, {n, int64(5)}, {&n, int64(5)},
		{(*int)(nil), nil}, {float32(0.5), 0.5}, {named("x"), "x"}, {time.Duration(7), int64(7)},
		{big.NewInt(3), int64(3)}, {*big.NewInt(3), int64(3)}, {(*big.Int)(nil), nil},
		{[]any(nil), []any{}}, {[]int(nil), []any{}}, {map[string]any(nil), map[string]any{}}, {[]byte(nil), []byte{}},
		{[]string{"a"}, []any{"a"}}, {[2]bool{true}, []any{true, false}}, {[3]byte{1, 2, 3}, []byte{1, 2, 3}},
		{map[string]int{"b": 1, "a": 2}, map[string]any{"a": int64(2), "b": int64(1)}},
		{map[named]string{"k": "v"}, map[string]any{"k": "v"}},
		{map[int]string{10: "x", -2: "y"}, &pickle.Dict{Items: []pickle.Item{{Key: int64(-2), Value: "y"}, {Key: int64(10), Value: "x"}}}},
		{pickle.Dict{}, map[string]any{}}, {&pickle.Dict{Items: []pickle.Item{{Key: "a", Value: nil}}}, map[string]any{"a": nil}},
		{(*pickle.Dict)(nil), nil}, {pickle.OrderedDict{}, &pickle.OrderedDict{Items: []pickle.Item{}}},
		{time.Date(2024, 1, 2, 3, 4, 5, 6789, time.UTC), time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC)},
		{struct{}{}, map[string]any{}},
		{
			record{Name: "n", Tag: 1, hidden: 3, embedded: embedded{4, "hidden by the outer one"}, Same: "s"},
			map[string]any{"name": "n", "pickle_name": int64(1), "inner": int64(4), "Same": "s", "next": nil},
		},
		{
			record{Pointed: &Pointed{9}, Zero: time.Unix(0, 0).UTC(), Empty: "e"},
			map[string]any{"name": "", "pickle_name": int64(0), "inner": int64(0), "Same": "", "next": nil, "Deep": int64(9),
				"zero": time.Unix(0, 0).UTC(), "Empty": "e"},
		},
	} {
		if got := throughPickle(t, c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%T %v: got %#v, want %#v", c.in, c.in, got, c.want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	type two struct {
		A int `json:"x"`
		B int `pickle:"x"`
	}
	loop := map[string]any{}
	loop["user"] = []any{loop}
	for _, c := range []struct {
		in   any
		part string
	}{
		{map[string]any{"user": []any{1, func() {}}}, `(at ["user"][1])`},
		{make(chan int), "chan int"},
		{complex(1, 2), "complex128"},
		{map[string]any{"k": "\xff"}, "UTF-8"},
		{map[string]any{"\xff": 1}, "UTF-8"},
		{pickle.Surrogates("\xff"), "Surrogates"},
		{pickle.Decimal("1,5"), "Decimal"},
		{pickle.Date{}, "Date"},
		{pickle.Time{Hour: 24}, "Time"},
		{pickle.DateTime{Year: 10000, Month: 1, Day: 1}, "DateTime"},
		{pickle.TimeDelta{Seconds: -1}, "TimeDelta"},
		{pickle.Time{Zone: &pickle.Zone{Offset: pickle.TimeDelta{Days: 1}}}, "Time"},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "DateTime"},
		{pickle.Set{[]any{}}, "dict key or in a set"},
		{&pickle.Dict{Items: []pickle.Item{{Key: map[string]any{}}}}, "dict key or in a set"},
		{map[any]any{1: "a", true: "b"}, "equal in Python"},
		{map[[2]int]int{{1, 2}: 3}, "dict key"},
		{*big.NewRat(1, 2), "no exported fields"},
		{two{}, `"x"`},
	} {
		_, err := pickle.Marshal(c.in)
		if !errors.Is(err, pickle.ErrUnsupported) || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%T: %v does not say %q", c.in, err, c.part)
		}
	}
	for _, v := range []any{loop, func() any { p := new(any); *p = p; return p }()} {
		if _, err := pickle.Marshal(v); !errors.Is(err, pickle.ErrLimit) {
			t.Errorf("a value in itself: %v", err)
		}
	}
	huge := new(big.Int).Exp(big.NewInt(10), big.NewInt(5000), nil)
	if _, err := pickle.Marshal(huge); !errors.Is(err, pickle.ErrLimit) {
		t.Errorf("an int of 5,000 digits: %v", err)
	}
	if _, err := (pickle.Encoder{Protocol: 5}).Marshal(nil); err == nil {
		t.Error("protocol 5 was written")
	}
}

// Bytes in protocol 2 are what Python 3 makes of them, so that Python 2 reads
// a str.
func TestBytesInProtocol2(t *testing.T) {
	data, err := pickle.Encoder{Protocol: 2}.Marshal([]byte("a\xff"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "\x80\x02c_codecs\nencode\nq\x00X\x03\x00\x00\x00aÿq\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03Rq\x04."; string(data) != want {
		t.Errorf("got %q, want %q", data, want)
	}
}

func TestTwosComplement(t *testing.T) {
	for _, n := range []int64{1 << 31, -1<<31 - 1, 1 << 39, -1 << 39, 1<<39 - 1, -1<<39 - 1, math.MaxInt64, math.MinInt64} {
		if got := throughPickle(t, n); got != n {
			t.Errorf("%d became %v", n, got)
		}
	}
	data, err := pickle.Marshal(int64(-1 << 39))
	if err != nil {
		t.Fatal(err)
	}
	if want := "\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8a\x05\x00\x00\x00\x00\x80."; string(data) != want {
		t.Errorf("got %q, want Python's %q", data, want)
	}
}

// The keys of a map are in order whatever their type, so that an equal map has
// an equal pickle.
func TestMapsAreSorted(t *testing.T) {
	for _, c := range []struct {
		in   any
		want []any
	}{
		{map[any]any{"b": 1, 10: 1, "a": 1, 9: 1, nil: 1, 2.5: 1, 1.5: 1}, []any{nil, int64(9), int64(10), 1.5, 2.5, "a", "b"}},
		{map[uint8]int{200: 1, 3: 1, 20: 1}, []any{int64(3), int64(20), int64(200)}},
		{map[float64]int{2.5: 1, -1.5: 1, 10: 1}, []any{-1.5, 2.5, 10.0}},
		{map[bool]int{true: 1, false: 1}, []any{false, true}},
		{map[pickle.UUID]int{{2}: 1, {1}: 1}, []any{pickle.UUID{1}, pickle.UUID{2}}},
	} {
		for range 20 {
			var keys []any
			for _, item := range throughPickle(t, c.in).(*pickle.Dict).Items {
				keys = append(keys, item.Key)
			}
			if !reflect.DeepEqual(keys, c.want) {
				t.Fatalf("%v: got the keys %v, want %v", c.in, keys, c.want)
			}
		}
	}
}

func TestNaNKeys(t *testing.T) {
	in := map[float64]string{math.NaN(): "a", 1.5: "b"}
	in[math.NaN()] = "c"
	d, ok := throughPickle(t, in).(*pickle.Dict)
	if !ok || d.Len() != 3 || d.Items[2].Value != "b" {
		t.Errorf("got %v", d)
	}
}

func TestEmbeddedValuesAreFields(t *testing.T) {
	type stamped struct {
		time.Time
		Name string
	}
	when := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	in := stamped{when, "x"}
	if got := throughPickle(t, in); !reflect.DeepEqual(got, map[string]any{"Time": when, "Name": "x"}) {
		t.Errorf("got %v", got)
	}
	if got, err := assigned(t, in, in); err != nil || !reflect.DeepEqual(got, in) {
		t.Errorf("got %v, %v", got, err)
	}
}
