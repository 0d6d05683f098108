package convert_test

import (
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/internal/convert"
)

// kinds has a tree value of each kind.
var kinds = map[string]any{
	"nil": nil, "bool": true, "int": int64(300), "float": 1.5, "text": "2026-11-26T00:00:00Z", "bytes": []byte("AQ=="),
	"time": time.Unix(300, 0).UTC(), "list": []any{int64(300)}, "map": map[string]any{"Seconds": int64(300)}, "mixed map": map[any]any{int64(1): "x"},
	"big": new(big.Int).Lsh(big.NewInt(1), 70),
}

// A value of one kind becomes nothing of another kind.
func TestOnlyTheSameKind(t *testing.T) {
	type span struct{ Seconds int }
	for _, c := range []struct {
		target any
		from   []string // the only kinds that it takes
	}{
		{new(bool), []string{"bool"}}, {new(int), []string{"int"}}, {new(uint8), nil}, {new(time.Duration), []string{"int"}},
		{new(float64), []string{"int", "float", "big"}}, {new(float32), []string{"int", "float", "big"}}, {new(string), []string{"text"}}, {new([]byte), []string{"bytes"}},
		{new([4]byte), []string{"bytes"}}, {new([]int), []string{"nil", "list"}}, {new([1]int), []string{"list"}}, {new([]time.Time), []string{"nil"}}, {new([]string), []string{"nil"}},
		{new(time.Time), []string{"time"}}, {new(*time.Time), []string{"nil", "time"}}, {new(span), []string{"map", "mixed map"}}, {new(*span), []string{"nil", "map", "mixed map"}},
		{new(map[string]int), []string{"nil", "map"}}, {new(map[int]string), []string{"nil", "mixed map"}}, {new(map[string]time.Time), []string{"nil"}},
		{new(big.Int), []string{"int", "big"}}, {new(*big.Int), []string{"nil", "int", "big"}}, {new(error), []string{"nil"}},
	} {
		takes := map[string]bool{}
		for _, kind := range c.from {
			takes[kind] = true
		}
		if _, isBytes := c.target.(*[]byte); isBytes {
			takes["nil"] = true
		}
		for kind, v := range kinds {
			into := reflect.New(reflect.TypeOf(c.target).Elem())
			rules := &convert.Rules{}
			if err := rules.Into(into.Interface(), v); (err == nil) != takes[kind] {
				t.Errorf("%s into a %T: %v, %v", kind, c.target, into.Elem(), err)
			}
		}
	}
}

func TestNumbersAreExact(t *testing.T) {
	rules := &convert.Rules{}
	for _, c := range []struct{ from, to any }{
		{int64(127), int8(127)}, {int64(128), nil}, {int64(-1), uint(0)}, {uint64(math.MaxUint64), uint64(math.MaxUint64)}, {3.0, 3}, {3.5, 0}, {math.Ldexp(1, 63), uint64(1 << 63)},
		{math.Ldexp(1, 64), uint64(0)}, {math.NaN(), 0}, {math.Inf(1), int64(0)}, {int64(1 << 53), float64(1 << 53)}, {int64(1<<53 + 1), 0.0}, {int64(math.MaxInt64), 0.0},
		{int64(1<<24 + 1), float32(0)}, {0.1, float32(0)}, {float64(float32(0.1)), float32(0.1)}, {uint64(7), time.Duration(7)},
	} {
		if c.to == nil {
			c.to = int8(0)
		}
		into := reflect.New(reflect.TypeOf(c.to))
		err := rules.Into(into.Interface(), c.from)
		exact := reflect.DeepEqual(into.Elem().Interface(), c.to) && !into.Elem().IsZero()
		if want := !reflect.ValueOf(c.to).IsZero(); want != (err == nil && exact) {
			t.Errorf("%v into a %T: %v, %v", c.from, c.to, into.Elem(), err)
		}
	}
}

func TestFields(t *testing.T) {
	type inner struct{ A, B, E int8 }
	type Other struct{ B int }
	type target struct {
		inner
		*Other
		A     string `k:"A"`
		E     int    `k:"e"`
		Skip  int    `k:"-"`
		Dash  int    `k:"-,"`
		Float float64
	}
	rules := &convert.Rules{Tags: []string{"k"}, DropTwins: true, Fold: true}
	var got target
	src := map[string]any{"A": "outer", "B": int64(1), "e": int64(300), "E": int64(7), "Skip": int64(1), "-": int64(2), "FLOAT": int64(3), "unknown": nil}
	if err := rules.Into(&got, src); err != nil {
		t.Fatal(err)
	}
	if want := (target{inner: inner{E: 7}, A: "outer", E: 300, Dash: 2, Float: 3}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := rules.Into(&got, map[string]any{"E": int64(128)}); err == nil {
		t.Errorf("128 was stored in an int8: %+v", got)
	}
	if _, err := (&convert.Rules{}).FieldsOf(reflect.TypeFor[target]()); err == nil {
		t.Error("two fields of one name were accepted")
	}
}

// A target that points to itself without end, or a key that Go cannot have, is an
// error.
func TestOddTargets(t *testing.T) {
	type loop *loop
	rules := &convert.Rules{}
	for _, c := range []struct{ target, src any }{
		{new(loop), int64(1)}, {new(map[any]any), convert.Pairs{{Key: []any{}, Value: nil}}}, {new(map[int8]any), convert.Pairs{{Key: 1.0}, {Key: int64(1)}}},
		{nil, 1}, {7, 1}, {(*int)(nil), 1}, {new(func()), "x"}, {new(chan int), int64(1)}, {new(struct{ hidden int }), map[string]any{}},
	} {
		if err := rules.Into(c.target, c.src); err == nil {
			t.Errorf("%v was stored in a %T", c.src, c.target)
		}
	}
}
