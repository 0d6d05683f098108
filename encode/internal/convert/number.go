package convert

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
)

// setNumber stores a number of any type in one of any other, when the two are
// equal.
func (r *Rules) setNumber(dst reflect.Value, src any, at place) error {
	fits, number := false, true
	v := reflect.ValueOf(src)
	switch n, big := src.(*big.Int); {
	case big && n != nil:
		fits = setBig(dst, n)
	case v.CanInt():
		fits = setInt(dst, v.Int())
	case v.CanUint():
		fits = setUint(dst, v.Uint())
	case v.CanFloat():
		fits = setFloat(dst, v.Float())
		if !fits && at.inStruct && r.Text && dst.Kind() == reflect.Float32 {
			fits = setShortFloat(dst, v.Float())
		}
	default:
		number = false
	}
	switch {
	case fits:
		return nil
	case number && (dst.CanInt() || dst.CanUint() || dst.CanFloat()):
		return fmt.Errorf("the number does not fit into %s", dst.Type())
	}
	return mismatch(dst, src)
}

func setInt(dst reflect.Value, n int64) bool {
	switch {
	case dst.CanInt():
		if dst.OverflowInt(n) {
			return false
		}
		dst.SetInt(n)
		return true
	case dst.CanUint():
		return n >= 0 && setUint(dst, uint64(n))
	case dst.CanFloat():
		f := float64(n)
		// 2^63 is the first float beyond int64, and n may have been rounded to it.
		return f < 1<<63 && int64(f) == n && setFloat(dst, f)
	}
	return false
}

func setUint(dst reflect.Value, n uint64) bool {
	switch {
	case dst.CanUint():
		if dst.OverflowUint(n) {
			return false
		}
		dst.SetUint(n)
		return true
	case n <= math.MaxInt64:
		return setInt(dst, int64(n))
	case dst.CanFloat():
		f := float64(n)
		return f < 1<<64 && uint64(f) == n && setFloat(dst, f)
	}
	return false
}

func setFloat(dst reflect.Value, f float64) bool {
	switch {
	case dst.Kind() == reflect.Float32 && float64(float32(f)) != f && f == f:
		return false
	case dst.CanFloat():
		dst.SetFloat(f)
		return true
	case f != math.Trunc(f):
		return false
	case f >= math.MinInt64 && f < 1<<63:
		return setInt(dst, int64(f))
	case f >= 1<<63 && f < 1<<64:
		return setUint(dst, uint64(f))
	}
	return false
}

// setShortFloat stores the float32 whose shortest text is that of f: the text
// that encoding/json writes for a float32 in a struct.
func setShortFloat(dst reflect.Value, f float64) bool {
	short := float32(f)
	if math.IsInf(float64(short), 0) || strconv.FormatFloat(float64(short), 'g', -1, 32) != strconv.FormatFloat(f, 'g', -1, 64) {
		return false
	}
	dst.SetFloat(float64(short))
	return true
}

func setBig(dst reflect.Value, n *big.Int) bool {
	switch {
	case n.IsInt64():
		return setInt(dst, n.Int64())
	case n.IsUint64():
		return setUint(dst, n.Uint64())
	case dst.CanFloat():
		f, exact := new(big.Float).SetInt(n).Float64()
		return exact == big.Exact && setFloat(dst, f)
	}
	return false
}

// setBigInt stores a whole number in a big.Int.
func setBigInt(dst reflect.Value, src any) error {
	n := new(big.Int)
	switch v, wide := reflect.ValueOf(src), (*big.Int)(nil); {
	case v.CanInt():
		n.SetInt64(v.Int())
	case v.CanUint():
		n.SetUint64(v.Uint())
	case v.CanFloat() && v.Float() == math.Trunc(v.Float()) && !math.IsInf(v.Float(), 0):
		big.NewFloat(v.Float()).Int(n)
	default:
		wide, _ = src.(*big.Int)
		if wide == nil {
			return mismatch(dst, src)
		}
		n.Set(wide)
	}
	dst.Set(reflect.ValueOf(*n))
	return nil
}
