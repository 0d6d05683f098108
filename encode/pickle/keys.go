package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keyOf returns a string that is the same for keys that Python calls equal,
// and an error for values that Python cannot hash. For aware times and for
// Decimals it is finer than Python's equality; a dict written by Python never
// holds two keys that only Python calls equal, so nothing is lost by that.
func keyOf(v any) (string, error) {
	b, err := appendKey(nil, v)
	return string(b), err
}

func appendKey(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, 'n'), nil
	case string:
		return appendCounted(b, 's', v), nil
	case Surrogates:
		return appendCounted(b, 's', v), nil
	case []byte:
		return appendCounted(b, 'b', v), nil
	case bool:
		if v {
			return appendIntKey(b, 1), nil
		}
		return appendIntKey(b, 0), nil
	case int64:
		return appendIntKey(b, v), nil
	case *big.Int:
		return appendCounted(b, 'i', v.Append(nil, 10)), nil
	case big.Int:
		return appendCounted(b, 'i', v.Append(nil, 10)), nil
	case float64:
		return appendFloatKey(b, v), nil
	case Tuple:
		return appendTupleKey(b, v)
	case FrozenSet:
		return appendFrozenSetKey(b, v)
	case Decimal:
		if strings.Contains(string(v), "sNaN") {
			return nil, fmt.Errorf("%w: Python cannot use a signaling NaN as a dict key or in a set", ErrUnsupported)
		}
		return appendCounted(b, 'd', v), nil
	case UUID:
		return append(append(b, 'u'), v[:]...), nil
	case DateTime, Date, Time, TimeDelta:
		return appendCounted(b, 't', fmt.Sprintf("%T %v", v, v)), nil
	case time.Time:
		return appendCounted(b, 't', v.Format(time.RFC3339Nano)), nil
	}
	return appendReflectKey(b, reflect.ValueOf(v))
}

// appendCounted makes a key that ends where it says, so that keys can follow
// one another in a tuple's.
func appendCounted[T ~string | ~[]byte](b []byte, tag byte, v T) []byte {
	b = binary.AppendUvarint(append(b, tag), uint64(len(v)))
	return append(b, v...)
}

func appendIntKey(b []byte, n int64) []byte {
	var digits [20]byte
	return appendCounted(b, 'i', strconv.AppendInt(digits[:0], n, 10))
}

// appendFloatKey writes a float that is a whole number as that int.
func appendFloatKey(b []byte, f float64) []byte {
	if f == math.Trunc(f) && !math.IsInf(f, 0) {
		whole, _ := big.NewFloat(f).Int(nil)
		return appendCounted(b, 'i', whole.Append(nil, 10))
	}
	return binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(f))
}

func appendTupleKey(b []byte, elems []any) ([]byte, error) {
	b = append(b, '(')
	for _, e := range elems {
		var err error
		if b, err = appendKey(b, e); err != nil {
			return nil, err
		}
	}
	return append(b, ')'), nil
}

func appendFrozenSetKey(b []byte, elems []any) ([]byte, error) {
	keys := make([]string, len(elems))
	for i, e := range elems {
		k, err := keyOf(e)
		if err != nil {
			return nil, err
		}
		keys[i] = k
	}
	slices.Sort(keys)
	b = append(b, '{')
	for _, k := range keys {
		b = append(b, k...)
	}
	return append(b, '}'), nil
}

// appendReflectKey is for what only a Go program puts there: other widths of
// numbers, named types.
func appendReflectKey(b []byte, v reflect.Value) ([]byte, error) {
	switch {
	case v.CanInt():
		return appendIntKey(b, v.Int()), nil
	case v.CanUint():
		return appendCounted(b, 'i', strconv.FormatUint(v.Uint(), 10)), nil
	case v.CanFloat():
		return appendFloatKey(b, v.Float()), nil
	case v.Kind() == reflect.String:
		return appendCounted(b, 's', v.String()), nil
	case v.Kind() == reflect.Bool:
		return appendKey(b, v.Bool())
	}
	return nil, fmt.Errorf("%w: Python cannot use a %v as a dict key or in a set", ErrUnsupported, v.Type())
}

// hasNaN reports whether a key is or holds a NaN, which no key equals, not
// even itself.
func hasNaN(v any) bool {
	switch v := v.(type) {
	case float64:
		return v != v
	case Decimal:
		return strings.HasSuffix(strings.TrimRight(string(v), "0123456789"), "NaN")
	case Tuple:
		return slices.ContainsFunc(v, hasNaN)
	case FrozenSet:
		return slices.ContainsFunc(v, hasNaN)
	}
	return false
}
