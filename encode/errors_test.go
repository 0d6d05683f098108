package encode_test

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

type hooked struct {
	Name string
	Done func() `json:"-"`
}

type broken struct{}

func (broken) MarshalJSON() ([]byte, error)   { panic("broken\nMarshalJSON") }
func (broken) MarshalBinary() ([]byte, error) { panic("broken MarshalBinary") }

func TestEncodeErrorsSayWhere(t *testing.T) {
	cycle := map[string]any{}
	cycle["self"] = cycle
	type selfPointer *selfPointer
	for _, c := range []struct {
		name  string
		value any
		only  string // the codec, or all
		want  string
	}{
		{"func", map[string]any{"user": map[string]any{"cb": func() {}}}, "", "encoding: user.cb: a func() cannot be stored"},
		{"channel", map[string]any{"a": []any{1, make(chan int)}}, "", "encoding: a[1]: a chan int cannot be stored"},
		{"complex", map[string]any{"a": 1i}, "", "a: a complex128 cannot be stored"},
		{"utf8", map[string]any{"a": "\xff"}, "", "a: the text is not valid UTF-8"},
		{"utf8 key", map[string]any{"\xff": 1}, "", `"\xff": the text is not valid UTF-8`},
		{"utf8 typed", map[string]any{"a": []string{"x", "\xff"}}, "", "a[1]: the text is not valid UTF-8"},
		{"nan", map[string]any{"a": map[string]float64{"b": math.NaN()}}, "json", "a.b: NaN is no number"},
		{"inf", map[string]any{"a": math.Inf(-1)}, "json", "a: -Inf is no number"},
		{"cycle", cycle, "", "self.self.self.self.self.self…: nested deeper than 64 levels, or contains itself"},
		{"self pointer", map[string]any{"p": new(selfPointer)}, "", "p: nested deeper"},
		{"big int", map[string]any{"n": new(big.Int).Lsh(big.NewInt(1), 70)}, "msgpack", "n: a *big.Int has no type"},
		{"typed key", map[string]any{"m": map[any]any{1: "a", int64(1): "b"}}, "cbor", "could not be read again"},
		{"year", map[string]any{"t": time.Date(12024, 1, 1, 0, 0, 0, 0, time.UTC)}, "json", "year outside of range"},
		{"year", map[string]any{"t": time.Date(12024, 1, 1, 0, 0, 0, 0, time.UTC)}, "cbor", "year"},
		{"second offset", []struct{ T time.Time }{{time.Unix(0, 0).In(time.FixedZone("", 1172))}}, "json", "[0].T: a time whose offset"},
		{"panic", map[string]any{"x": broken{}}, "json", "panic: broken"},
		{"panic", map[string]any{"x": broken{}}, "cbor", "panic: broken"},
		{"newline in key", map[string]any{"a\nb": func() {}}, "", `"a\nb": a func() cannot`},
		{"many", make([]any, encode.MaxElements), "", "more than 131072 values"},
	} {
		for name, codec := range builtin() {
			if c.only != "" && c.only != name {
				continue
			}
			data, err := codec.Encode(c.value)
			if err == nil {
				t.Errorf("%s: %s: no error, %q", name, c.name, data[:min(len(data), 60)])
				continue
			}
			if got := err.Error(); !strings.Contains(got, c.want) || !strings.HasPrefix(got, "encode: "+name+": ") || strings.Contains(got, "\n") {
				t.Errorf("%s: %s:\n got %q\nwant %q", name, c.name, got, c.want)
			}
			if data != nil {
				t.Errorf("%s: %s: data beside the error", name, c.name)
			}
		}
	}
}

func TestFieldsLeftOutAreNotLookedInto(t *testing.T) {
	for name, codec := range builtin() {
		data, err := codec.Encode(hooked{"x", func() {}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var back hooked
		if err := codec.Decode(data, &back); err != nil || back.Name != "x" || back.Done != nil {
			t.Errorf("%s: %+v, %v", name, back, err)
		}
	}
}
