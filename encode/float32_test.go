package encode_test

import (
	"math"
	"reflect"
	"testing"
)

// A float32 is as exact after a round trip as before, by itself and inside any
// type.
func TestFloat32ComesBackExactly(t *testing.T) {
	type ratio float32
	type measures struct {
		F float32
		P *float32
		L []float32
		M map[string]float32
		R ratio
	}
	for name, codec := range allCodecs() {
		for _, f := range []float32{0, 3, 0.5, 0.1, -1.0 / 3, 16777217, 1e-45, math.MaxFloat32, math.SmallestNonzeroFloat32, 1e21, 123456.7} {
			for _, v := range []any{f, &f, ratio(f), []float32{f, 1}, [1]float32{f}, map[string]float32{"a": f}, measures{f, &f, []float32{f}, map[string]float32{"a": f}, ratio(f)}, []measures{{f, &f, []float32{f}, map[string]float32{"a": f}, ratio(f)}}} {
				data, err := codec.Encode(v)
				if err != nil {
					t.Fatal(err)
				}
				back := reflect.New(reflect.TypeOf(v))
				if err := codec.Decode(data, back.Interface()); err != nil {
					t.Errorf("%s: %T(%v): %v", name, v, v, err)
				} else if got := back.Elem().Interface(); !reflect.DeepEqual(got, v) {
					t.Errorf("%s: %T(%v) came back as %v", name, v, v, got)
				}
			}
			var tree any
			data, err := codec.Encode(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := codec.Decode(data, &tree); err != nil || tree != float64(f) {
				t.Errorf("%s: %v came back as %v, %v, want %v", name, f, tree, err, float64(f))
			}
		}
	}
}
