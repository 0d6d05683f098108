package pickle_test

import (
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// assigned pickles v and reads it into a new value of want's type.
func assigned(t *testing.T, v, want any) (any, error) {
	t.Helper()
	data, err := pickle.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	into := reflect.New(reflect.TypeOf(want))
	err = pickle.Unmarshal(data, into.Interface())
	return into.Elem().Interface(), err
}

func TestAssign(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(1), 100)
	five := 5
	aware := time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC)
	type point struct{ X, Y float32 }
	for _, c := range []struct{ in, want any }{
		{5, int8(5)}, {5, uint(5)}, {5, 5.0}, {5, float32(5)}, {5.0, 5}, {5.0, uint8(5)}, {5, &five}, {5, *big.NewInt(5)},
		{huge, huge}, {huge, *huge}, {huge, math.Ldexp(1, 100)}, {math.Ldexp(1, 100), huge}, {0.5, float32(0.5)},
		{"x", named("x")}, {[]byte{1, 2}, [2]byte{1, 2}}, {pickle.ByteArray{1}, []byte{1}}, {pickle.UUID{1}, [16]byte{1}},
		{[]any{1, 2.0}, []int{1, 2}}, {pickle.Tuple{1, "a"}, []any{int64(1), "a"}}, {pickle.Set{1}, []uint{1}},
		{pickle.FrozenSet{"a"}, [1]string{"a"}}, {map[string]any{"a": 1}, map[named]int{"a": 1}},
		{map[int]int{1: 2}, map[uint8]float64{1: 2}}, {map[int]int{1: 2}, map[any]any{int64(1): int64(2)}},
		{map[string]any{"X": 1, "Y": 0.5, "Z": "nobody's"}, point{1, 0.5}},
		{pickle.OrderedDict{Items: []pickle.Item{{Key: "X", Value: 2}}}, point{2, 0}},
		{[]any{map[string]any{"X": 1}, nil}, []*point{{1, 0}, nil}},
		{map[string]any{"a": nil}, map[string]*int{"a": nil}}, {nil, []int(nil)}, {nil, map[string]any(nil)},
		{map[string]any{"b": 1, "a": 2}, pickle.Dict{Items: []pickle.Item{{Key: "a", Value: int64(2)}, {Key: "b", Value: int64(1)}}}},
		{pickle.TimeDelta{Days: -1, Seconds: 86399}, -time.Second}, {aware, aware},
		{pickle.DateTime{Year: 2024, Month: 1, Day: 2, Hour: 3, Minute: 4, Second: 5, Microsecond: 6, Fold: 1, Zone: &pickle.Zone{}}, aware},
		{pickle.Decimal("1.10"), pickle.Decimal("1.10")},
		{record{Name: "n", Pointed: &Pointed{3}, embedded: embedded{Inner: 4}}, record{Name: "n", Pointed: &Pointed{3}, embedded: embedded{Inner: 4}}},
	} {
		if got, err := assigned(t, c.in, c.want); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%#v into a %T: got %#v, %v", c.in, c.want, got, err)
		}
	}
}

func TestAssignRefuses(t *testing.T) {
	for _, c := range []struct{ in, into any }{
		{300, int8(0)}, {-1, uint(0)}, {int64(1<<53 + 1), 0.0}, {1<<24 + 1, float32(0)}, {0.5, 0}, {math.Inf(1), 0}, {math.NaN(), uint(0)},
		{0.1, float32(0)}, {1e300, int64(0)}, {true, 0}, {1, false}, {1, ""}, {"x", 0}, {"x", []byte{}}, {"1.5", pickle.Decimal("")},
		{"x", pickle.Surrogates("")}, {[]byte{1}, ""}, {[]byte{1}, [2]byte{}}, {pickle.Decimal("1"), 0.0}, {pickle.Decimal("1"), ""},
		{nil, 0}, {nil, ""}, {nil, struct{ A int }{}}, {[]any{1}, [2]int{}}, {[]any{"x"}, []int{}}, {[]any{}, map[string]any{}},
		{map[string]any{}, []any{}}, {map[int]int{1: 1}, map[string]any{}}, {map[string]any{"X": "y"}, struct{ X int }{}},
		{map[string]any{}, time.Time{}}, {pickle.DateTimeOf(time.Unix(0, 0)), time.Time{}},
		{pickle.TimeDelta{Days: 200000}, time.Duration(0)}, {pickle.Date{Year: 1, Month: 1, Day: 1}, time.Time{}},
		{&pickle.Dict{Items: []pickle.Item{{Key: pickle.Tuple{}, Value: 1}}}, map[any]any{}},
	} {
		if got, err := assigned(t, c.in, c.into); err == nil {
			t.Errorf("%#v into a %T: got %#v", c.in, c.into, got)
		}
	}
}
