package pickle

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"
)

// store puts a decoded value where target points.
func store(value any, target any) error {
	switch t := target.(type) {
	case *any:
		if t == nil {
			return errors.New("pickle: Unmarshal into a nil *any")
		}
		*t = value
		return nil
	case *map[string]any:
		if m, ok := value.(map[string]any); ok && t != nil {
			*t = m
			return nil
		}
	}
	rv := reflect.ValueOf(target)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return fmt.Errorf("pickle: Unmarshal into a %T, which is not a pointer to something", target)
	}
	return assign(rv.Elem(), value)
}

func mismatch(dst reflect.Value, src any) error {
	if src == nil {
		return fmt.Errorf("pickle: None does not fit into a %v", dst.Type())
	}
	return fmt.Errorf("pickle: a %T does not fit into a %v", src, dst.Type())
}

// assign converts src, a value as resolve makes them, to dst's type. What
// would change the value is an error.
func assign(dst reflect.Value, src any) error {
	if src == nil {
		return assignNone(dst)
	}
	if sv := reflect.ValueOf(src); sv.Type().AssignableTo(dst.Type()) {
		dst.Set(sv)
		return nil
	}
	if dst.Kind() == reflect.Pointer {
		fresh := reflect.New(dst.Type().Elem())
		if err := assign(fresh.Elem(), src); err != nil {
			return err
		}
		dst.Set(fresh)
		return nil
	}
	switch src := src.(type) {
	case bool:
		if dst.Kind() == reflect.Bool {
			dst.SetBool(src)
			return nil
		}
	case int64:
		return assignInt(dst, big.NewInt(src))
	case *big.Int:
		return assignInt(dst, src)
	case float64:
		return assignFloat(dst, src)
	case string:
		if dst.Kind() == reflect.String && !isOwnText(dst.Type()) {
			dst.SetString(src)
			return nil
		}
	case []byte:
		return assignBytes(dst, src)
	case ByteArray:
		return assignBytes(dst, src)
	case UUID:
		if reflect.TypeFor[UUID]().ConvertibleTo(dst.Type()) {
			dst.Set(reflect.ValueOf(src).Convert(dst.Type()))
			return nil
		}
	case []any:
		return assignElems(dst, src)
	case Tuple:
		return assignElems(dst, src)
	case Set:
		return assignElems(dst, src)
	case FrozenSet:
		return assignElems(dst, src)
	case TimeDelta:
		if d, ok := src.Duration(); ok && dst.Type() == reflect.TypeFor[time.Duration]() {
			dst.SetInt(int64(d))
			return nil
		}
	case DateTime:
		if dst.Type() == reflect.TypeFor[time.Time]() {
			return assignDateTime(dst, src)
		}
	case map[string]any:
		return assignMap(dst, mapItems(src), src)
	case *Dict:
		return assignMap(dst, src.Items, src)
	case *OrderedDict:
		return assignMap(dst, src.Items, src)
	}
	return mismatch(dst, src)
}

// assignNone makes nil of what can be nil. None is not the zero of anything else.
func assignNone(dst reflect.Value) error {
	switch dst.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		dst.SetZero()
		return nil
	}
	return mismatch(dst, nil)
}

// isOwnText reports whether t is a string that means something else than text.
func isOwnText(t reflect.Type) bool {
	return t == reflect.TypeFor[Decimal]() || t == reflect.TypeFor[Surrogates]()
}

func assignInt(dst reflect.Value, n *big.Int) error {
	switch {
	case dst.Type() == reflect.TypeFor[big.Int]():
		dst.Set(reflect.ValueOf(*new(big.Int).Set(n)))
		return nil
	case dst.CanInt():
		if n.IsInt64() && !dst.OverflowInt(n.Int64()) {
			dst.SetInt(n.Int64())
			return nil
		}
	case dst.CanUint():
		if n.IsUint64() && !dst.OverflowUint(n.Uint64()) {
			dst.SetUint(n.Uint64())
			return nil
		}
	case dst.CanFloat():
		f, exact := new(big.Float).SetInt(n).Float64()
		if exact == big.Exact && (dst.Kind() == reflect.Float64 || float64(float32(f)) == f) {
			dst.SetFloat(f)
			return nil
		}
	default:
		return mismatch(dst, smallest(n))
	}
	return fmt.Errorf("pickle: an int does not fit into a %v", dst.Type())
}

func assignFloat(dst reflect.Value, f float64) error {
	switch {
	case dst.Kind() == reflect.Float64:
		dst.SetFloat(f)
		return nil
	case dst.Kind() == reflect.Float32:
		if float64(float32(f)) == f || f != f {
			dst.SetFloat(f)
			return nil
		}
	case dst.CanInt(), dst.CanUint(), dst.Type() == reflect.TypeFor[big.Int]():
		if f == math.Trunc(f) && !math.IsInf(f, 0) {
			n, _ := big.NewFloat(f).Int(nil)
			return assignInt(dst, n)
		}
	}
	return mismatch(dst, f)
}

func assignBytes(dst reflect.Value, b []byte) error {
	t := dst.Type()
	switch {
	case dst.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		dst.SetBytes(append([]byte{}, b...))
		return nil
	case dst.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8 && t.Len() == len(b):
		for i := range b {
			dst.Index(i).SetUint(uint64(b[i]))
		}
		return nil
	}
	return fmt.Errorf("pickle: %d bytes do not fit into a %v", len(b), t)
}

func assignElems(dst reflect.Value, elems []any) error {
	switch dst.Kind() {
	case reflect.Slice:
		s := reflect.MakeSlice(dst.Type(), len(elems), len(elems))
		for i, e := range elems {
			if err := assign(s.Index(i), e); err != nil {
				return atIndex(i, err)
			}
		}
		dst.Set(s)
		return nil
	case reflect.Array:
		if dst.Len() != len(elems) {
			return fmt.Errorf("pickle: %d values do not fit into a %v", len(elems), dst.Type())
		}
		for i, e := range elems {
			if err := assign(dst.Index(i), e); err != nil {
				return atIndex(i, err)
			}
		}
		return nil
	}
	return mismatch(dst, elems)
}

func assignDateTime(dst reflect.Value, d DateTime) error {
	if d.Zone == nil {
		return errors.New("pickle: a datetime without a zone is no instant; use a pickle.DateTime and its In method")
	}
	dst.Set(reflect.ValueOf(d.In(nil)))
	return nil
}
