package pickle_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

func TestEqual(t *testing.T) {
	nan := math.NaN()
	at := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	dict := func(items ...any) *pickle.Dict {
		var d pickle.Dict
		for i := 0; i < len(items); i += 2 {
			d.Items = append(d.Items, pickle.Item{Key: items[i], Value: items[i+1]})
		}
		return &d
	}
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{nil, nil, true}, {nil, false, false}, {int64(1), int64(1), true}, {int64(1), 1.0, false}, {"a", "a", true}, {"a", []byte("a"), false},
		{nan, nan, true}, {nan, 1.0, false}, {0.0, math.Copysign(0, -1), false}, {big.NewInt(5), big.NewInt(5), true}, {at, at, true},
		{[]any{nan, "x"}, []any{nan, "x"}, true}, {[]any{"x"}, []any{"x", "y"}, false}, {[]any{"x"}, pickle.Tuple{"x"}, false},
		{map[string]any{"a": nan}, map[string]any{"a": nan}, true}, {map[string]any{"a": nil}, map[string]any{"b": nil}, false},
		{map[any]any{int64(1): nan}, map[any]any{int64(1): nan}, true}, {map[any]any{int64(1): nan}, map[any]any{int64(2): nan}, false},
		{pickle.Set{"a", int64(1)}, pickle.Set{int64(1), "a"}, true}, {pickle.Set{"a"}, pickle.FrozenSet{"a"}, false},
		{pickle.FrozenSet{pickle.Tuple{"a", pickle.FrozenSet{"b", "c"}}}, pickle.FrozenSet{pickle.Tuple{"a", pickle.FrozenSet{"c", "b"}}}, true},
		{dict(int64(1), "a", int64(2), nan), dict(int64(2), nan, int64(1), "a"), true}, {dict(int64(1), "a"), dict(int64(1), "b"), false},
		{&pickle.OrderedDict{Items: dict("a", nan, "b", "x").Items}, &pickle.OrderedDict{Items: dict("a", nan, "b", "x").Items}, true},
		{&pickle.OrderedDict{Items: dict("a", nan, "b", "x").Items}, &pickle.OrderedDict{Items: dict("b", "x", "a", nan).Items}, false},
	} {
		if got := pickle.Equal(c.a, c.b); got != c.want {
			t.Errorf("Equal(%#v, %#v) = %v", c.a, c.b, got)
		}
		if got := pickle.Equal(c.b, c.a); got != c.want {
			t.Errorf("Equal(%#v, %#v) = %v", c.b, c.a, got)
		}
	}
}
