package session

import (
	"fmt"
	"math"
	"reflect"
)

// Value returns the value at key as a T, and whether there is one that can be a
// T. A number becomes another type of number only when nothing of it is lost.
// A map that was loaded becomes a struct, a list a slice, and so on, as the
// codec decodes them into a T; no type needs to be registered. The result is
// the caller's: unlike what Get returns, changing it does not change the
// session, unless it is the very value that this request has set.
func Value[T any](s *Session, key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var t T
	if text, ok := any(&t).(*string); ok {
		if *text, ok = s.data.text(key); ok {
			return t, true
		}
	}
	return valueOf[T](&s.data, key)
}

// text returns the value at a key that holds a string, which most do, without
// the allocations that a value of any type takes (BenchmarkHandler/read).
func (w *working) text(key string) (string, bool) {
	if w.slot(key) != nil || w.cleared {
		return "", false
	}
	return w.base.text(key)
}

func valueOf[T any](w *working, key string) (T, bool) {
	var t T
	sl := w.slot(key)
	if sl == nil && !w.cleared {
		if ok, _ := w.base.decode(key, &t); ok {
			return t, true
		}
	}
	v, ok := w.lookup(key)
	if !ok {
		return *new(T), false
	}
	direct, isT := v.(T)
	if isT && (immutable(v) || sl != nil && sl.intent == replaced) {
		return direct, true
	}
	t = *new(T)
	if err := w.convert(v, &t); err != nil {
		return direct, isT
	}
	return t, true
}

// convert stores v into a pointer: a number exactly, a named type by its kind,
// anything else as the codec would.
func (w *working) convert(v, into any) error {
	to := reflect.ValueOf(into).Elem()
	from := reflect.ValueOf(v)
	switch {
	case !from.IsValid():
		switch to.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			to.SetZero()
			return nil
		}
		return fmt.Errorf("session: nil is no %s", to.Type())
	case isNumber(from.Kind()) && isNumber(to.Kind()):
		if !setNumber(to, from) {
			return fmt.Errorf("session: the number does not fit into %s", to.Type())
		}
		return nil
	case from.Kind() == to.Kind() && (to.Kind() == reflect.String || to.Kind() == reflect.Bool):
		to.Set(from.Convert(to.Type()))
		return nil
	}
	return w.layout.convert(v, into)
}

func isNumber(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

// setNumber reports whether the number was stored without loss.
func setNumber(to, from reflect.Value) bool {
	switch {
	case from.CanInt():
		return setInt(to, from.Int())
	case from.CanUint():
		if from.Uint() <= math.MaxInt64 {
			return setInt(to, int64(from.Uint()))
		}
		if to.CanUint() && !to.OverflowUint(from.Uint()) {
			to.SetUint(from.Uint())
			return true
		}
		if to.CanFloat() && uint64(float64(from.Uint())) == from.Uint() && float64(from.Uint()) < 1<<64 {
			return setFloat(to, float64(from.Uint()))
		}
		return false
	}
	f := from.Float()
	if to.CanFloat() {
		return setFloat(to, f)
	}
	// 2^63 itself is the first float beyond int64.
	if f == math.Trunc(f) && f >= math.MinInt64 && f < 1<<63 {
		return setInt(to, int64(f))
	}
	if f == math.Trunc(f) && f >= 1<<63 && f < 1<<64 && to.CanUint() && !to.OverflowUint(uint64(f)) {
		to.SetUint(uint64(f))
		return true
	}
	return false
}

func setInt(to reflect.Value, n int64) bool {
	switch {
	case to.CanInt():
		if to.OverflowInt(n) {
			return false
		}
		to.SetInt(n)
	case to.CanUint():
		if n < 0 || to.OverflowUint(uint64(n)) {
			return false
		}
		to.SetUint(uint64(n))
	default:
		f := float64(n)
		if f >= 1<<63 || int64(f) != n {
			return false
		}
		return setFloat(to, f)
	}
	return true
}

func setFloat(to reflect.Value, f float64) bool {
	if to.Kind() == reflect.Float32 && float64(float32(f)) != f && f == f {
		return false
	}
	to.SetFloat(f)
	return true
}

// equal reports whether two values are the same, or will be once stored.
func (w *working) equal(a, b any) bool {
	if immutable(a) && immutable(b) && a == b {
		return true
	}
	return w.layout.equal(a, b) || reflect.DeepEqual(a, b)
}
