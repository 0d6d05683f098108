package overlay

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Value returns the value at key as a T, or the zero T and false when there is none
// that is exactly a T.
func Value[T any](o *Overlay, key string) (T, bool) {
	var t T
	e := o.find(key)
	if e == nil && !o.cleared {
		if ok, _ := o.base.Decode(key, &t); ok {
			return t, true
		}
	}
	v, ok := o.Get(key)
	if !ok {
		return *new(T), false
	}
	return as[T](o, v, e != nil && e.state == override)
}

// As returns a value as a T, by the rules of Value.
func As[T any](o *Overlay, v any) (T, bool) { return as[T](o, v, false) }

// as returns a value as a T: a copy, unless the value cannot change or may be shared.
func as[T any](o *Overlay, v any, share bool) (T, bool) {
	direct, isT := v.(T)
	if isT && (share || record.Immutable(v)) {
		return direct, true
	}
	var t T
	if err := o.Convert(v, &t); err != nil {
		return direct, isT
	}
	return t, true
}

// Convert stores v into a pointer, exactly or not at all: a number, text or a bool
// as another type of its kind, anything else as the codec would load it.
func (o *Overlay) Convert(v, into any) error {
	to := reflect.ValueOf(into).Elem()
	from := reflect.ValueOf(v)
	switch {
	case !from.IsValid():
		switch to.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			to.SetZero()
			return nil
		}
		return fmt.Errorf("session: nil does not fit into %s", to.Type())
	case decodesItself(to.Type()):
		return o.layout.Convert(v, into)
	case from.Kind() == to.Kind() && (to.Kind() == reflect.String || to.Kind() == reflect.Bool):
		to.Set(from.Convert(to.Type()))
		return nil
	case isNumber(from.Kind()) && isNumber(to.Kind()):
		return o.convertNumber(v, to)
	case (isNumber(from.Kind()) || from.Kind() == reflect.Bool) && to.Type() == reflect.TypeFor[time.Time]():
		return errors.New("session: a number is not a time") // whatever an application's codec makes of it
	}
	return o.layout.Convert(v, into)
}

// decodesItself reports whether a type has a method that a codec may call to decode
// it: what such a type is stored as need not be its own value.
func decodesItself(t reflect.Type) bool {
	if t == reflect.TypeFor[time.Time]() || t.PkgPath() == "" {
		return false
	}
	p := reflect.PointerTo(t)
	for i := range p.NumMethod() {
		if name := p.Method(i).Name; strings.HasPrefix(name, "Unmarshal") || name == "DecodeMsgpack" {
			return true
		}
	}
	return false
}

func isNumber(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

// convertNumber stores a number by the rules of the package encode, whichever codec
// the session has: an application's codec may lose digits.
func (o *Overlay) convertNumber(v any, to reflect.Value) error {
	b, err := encode.CBOR.Encode(v)
	if err == nil {
		err = encode.CBOR.Decode(b, to.Addr().Interface())
	}
	if f, ok := v.(float64); err != nil && ok && to.Kind() == reflect.Float32 {
		// encoding/json writes a float32 as its own shortest text, 0.1.
		short := float32(f)
		if stored, normalErr := o.layout.Normal(short); normalErr == nil && stored == v {
			to.SetFloat(float64(short))
			return nil
		}
	}
	return err
}

// Equal reports whether two values are the same, or will be once stored.
func (o *Overlay) Equal(a, b any) bool {
	if record.Immutable(a) && record.Immutable(b) && a == b {
		return true
	}
	return o.layout.Equal(a, b) || reflect.DeepEqual(a, b)
}
