package session

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
// that is exactly a T. A number becomes another type of number only when nothing of
// it is lost. A map that was loaded becomes a struct and a list a slice; no type
// needs to be registered. A bool, text, bytes, a time and nil become nothing else:
// a number is no time and a time no text. Only with the codec json, which stores
// times and bytes as text, text in the form of RFC 3339 is a time too, and base64
// is bytes. The caller may change the result: unlike what Get returns, it is not
// part of the session, unless this request has set that very value.
func Value[T any](s *Session, key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return valueOf[T](&s.data, key)
}

func valueOf[T any](w *working, key string) (T, bool) {
	var t T
	sl := w.slot(key)
	if sl == nil && !w.cleared {
		if ok, _ := w.base.Decode(key, &t); ok {
			return t, true
		}
	}
	v, ok := w.lookup(key)
	if !ok {
		return *new(T), false
	}
	direct, isT := v.(T)
	if isT && (record.Immutable(v) || sl != nil && sl.intent == replaced) {
		return direct, true
	}
	t = *new(T)
	if err := w.convert(v, &t); err != nil {
		return direct, isT
	}
	return t, true
}

// convert stores v into a pointer, exactly or not at all: a number, text or a bool
// as another type of its kind, anything else as the codec would load it.
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
		return fmt.Errorf("session: nil does not fit into %s", to.Type())
	case decodesItself(to.Type()):
		return w.layout.Convert(v, into)
	case from.Kind() == to.Kind() && (to.Kind() == reflect.String || to.Kind() == reflect.Bool):
		to.Set(from.Convert(to.Type()))
		return nil
	case isNumber(from.Kind()) && isNumber(to.Kind()):
		return w.convertNumber(v, to)
	case (isNumber(from.Kind()) || from.Kind() == reflect.Bool) && to.Type() == reflect.TypeFor[time.Time]():
		return errors.New("session: a number is not a time") // whatever a codec of the application's makes of it
	}
	return w.layout.Convert(v, into)
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

// convertNumber stores a number by the rules of the package encode, whichever
// codec the session has: an application's own may lose digits.
func (w *working) convertNumber(v any, to reflect.Value) error {
	b, err := encode.CBOR.Encode(v)
	if err == nil {
		err = encode.CBOR.Decode(b, to.Addr().Interface())
	}
	if f, ok := v.(float64); err != nil && ok && to.Kind() == reflect.Float32 {
		// encoding/json writes a float32 as its own shortest text, 0.1.
		short := float32(f)
		if stored, normalErr := w.layout.Normal(short); normalErr == nil && stored == v {
			to.SetFloat(float64(short))
			return nil
		}
	}
	return err
}

// equal reports whether two values are the same, or will be once stored.
func (w *working) equal(a, b any) bool {
	if record.Immutable(a) && record.Immutable(b) && a == b {
		return true
	}
	return w.layout.Equal(a, b) || reflect.DeepEqual(a, b)
}
