package encode

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"
	"unicode/utf8"
)

// reflected is value for what is not one of the plain types.
func (w *walk) reflected(v reflect.Value, depth int) *valueError {
	if !w.count(1) {
		return tooMany()
	}
	if !v.IsValid() {
		return nil
	}
	if v.Type() == bigIntType || v.Type() == bigIntType.Elem() && !w.asText {
		if !w.bigInts {
			return &valueError{reason: "a *big.Int has no type in this format; store an int64 or its text"}
		}
		return nil
	}
	if v.Type() == timeType && w.asText && v.CanInterface() && oddOffset(v.Interface().(time.Time)) {
		return &valueError{reason: "a time whose offset is not in whole minutes; store its UTC()"}
	}
	if w.encodesItself(v.Type()) || w.pointerEncodesItself(v) {
		w.unsure = w.unsure || v.Type() != timeType
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return text(v.String())
	case reflect.Float32, reflect.Float64:
		return w.float(v.Float())
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return &valueError{reason: fmt.Sprintf("a %s cannot be stored", v.Type())}
	case reflect.Uintptr:
		if !w.asText {
			return &valueError{reason: fmt.Sprintf("a %s cannot be stored; store a uint64", v.Type())}
		}
	case reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if !v.CanInterface() {
			return w.reflected(v.Elem(), depth)
		}
		return w.value(v.Elem().Interface(), depth)
	case reflect.Pointer:
		return w.pointer(v, depth)
	case reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
		if depth++; depth > MaxDepth {
			return tooDeep()
		}
		return w.container(v, depth)
	}
	return nil
}

// pointer follows v to a value that is not a pointer. Pointers add no depth to what is
// written, but a chain of them can lead back to itself, in values (p = &p in
// an any) as in types (type P *P).
func (w *walk) pointer(v reflect.Value, depth int) *valueError {
	const longest = 16
	for t, n := v.Type(), 0; t.Kind() == reflect.Pointer; t, n = t.Elem(), n+1 {
		if n == longest {
			return tooDeep()
		}
	}
	for range longest {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
		if v.Type() == bigIntType {
			return w.reflected(v, depth)
		}
		if k := v.Kind(); k != reflect.Pointer && k != reflect.Interface || w.encodesItself(v.Type()) || w.pointerEncodesItself(v) {
			return w.reflected(v, depth)
		}
	}
	return tooDeep()
}

func (w *walk) container(v reflect.Value, depth int) *valueError {
	switch v.Kind() {
	case reflect.Map:
		w.unsure = w.unsure || !plainKey(v.Type().Key())
		if !w.count(mapCost) {
			return tooMany()
		}
		for iter := v.MapRange(); iter.Next(); {
			e := w.reflected(iter.Key(), depth)
			if e == nil {
				e = w.reflected(iter.Value(), depth)
			}
			if e != nil {
				return e.in(keyStep(fmt.Sprint(iter.Key())))
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil // bytes, however many
		}
		if !w.count(listCost) {
			return tooMany()
		}
		for i := range v.Len() {
			if e := w.reflected(v.Index(i), depth); e != nil {
				return e.in(indexStep(i))
			}
		}
	case reflect.Struct:
		return w.structure(v, depth)
	}
	return nil
}

// structure checks the fields that the codec writes. A struct that has fields but
// none that is written would be stored as an empty map, and what it holds be lost.
func (w *walk) structure(v reflect.Value, depth int) *valueError {
	fields, err := w.fields.FieldsOf(v.Type())
	if err != nil {
		return &valueError{reason: err.Error() + ": nothing of it would be stored; store what it holds"}
	}
	if !w.count(mapCost) {
		return tooMany()
	}
	for _, f := range fields {
		field, ok := f.In(v)
		if !ok {
			continue
		}
		if !w.count(1) {
			return tooMany()
		}
		if e := w.reflected(field, depth); e != nil {
			return e.in(keyStep(f.Name))
		}
	}
	return nil
}

// plainKey reports whether different keys of type t have different encodings
// that are text or integers.
func plainKey(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 || t.Kind() == reflect.String
}

// encodesItself reports whether values of t have a method that encodes them.
func (c *checker) encodesItself(t reflect.Type) bool {
	if known, ok := c.opaque.Load(t); ok {
		return known.(bool)
	}
	found := false
	if t.Kind() != reflect.Interface {
		for _, m := range c.marshalers {
			found = found || t.Implements(m)
		}
	}
	c.opaque.Store(t, found)
	return found
}

// pointerEncodesItself reports whether the codec calls a method that encodes v and
// that only a pointer to v has.
func (c *checker) pointerEncodesItself(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		return false
	}
	return (c.pointers == anyPointer || v.CanAddr()) && c.encodesItself(reflect.PointerTo(v.Type()))
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	bigIntType = reflect.TypeFor[*big.Int]()
)

func (w *walk) float(f float64) *valueError {
	if w.asText && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return &valueError{reason: fmt.Sprintf("%v is no number in this format", f)}
	}
	return nil
}

func text(s string) *valueError {
	if utf8.ValidString(s) {
		return nil
	}
	return &valueError{reason: "the text is not valid UTF-8; store bytes as []byte"}
}

func tooDeep() *valueError {
	return &valueError{reason: fmt.Sprintf("nested deeper than %d levels, or contains itself", MaxDepth)}
}

func tooMany() *valueError {
	return &valueError{reason: fmt.Sprintf("more than %d values", MaxElements)}
}
