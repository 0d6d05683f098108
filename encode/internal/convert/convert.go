// Package convert stores a decoded tree in a value of any type, exactly or not at
// all. The codecs decode into a tree of plain values first (nil, bool, numbers,
// text, bytes, times, []any, map[string]any, map[any]any), so that one set of rules
// says what a value may become:
//
//   - a number becomes another type of number when nothing of it is lost;
//   - a bool, text, bytes and a time become a type of the same kind only;
//   - a list becomes a slice, or an array of its length; a map becomes a map or a
//     struct, whose fields that it does not name stay as they are;
//   - nil becomes nil, and no zero of a type that cannot be nil.
package convert

import (
	"fmt"
	"math/big"
	"reflect"
	"time"
)

// Rules are what differs between the codecs.
type Rules struct {
	// Tags are the keys of struct tags that name a field; the first that a field
	// has counts.
	Tags []string
	// Whole reports whether an embedded struct of type t is one value rather than
	// more fields of the struct around it. The default is none but time.Time and
	// big.Int.
	Whole func(t reflect.Type) bool
	// DropTwins leaves out two fields of one name, as encoding/json does.
	DropTwins bool
	// InOrder is for the library of msgpack, which looks at fields in their order:
	// an embedded struct's fields count as fields of the struct around it, whatever
	// its tag's name is, unless the tag says noinline or one of them has the name of
	// a field before. It is one value under its own name then.
	InOrder bool
	// Fold lets a field take the value of a key that differs from its name in
	// case, when no key is its name.
	Fold bool
	// Text is for a format that has only text for bytes (base64), for times (RFC
	// 3339) and for the keys of maps.
	Text bool
	// NilTime makes nil the zero time inside lists, maps and structs.
	NilTime bool
	// Special stores src in dst, which is addressable and not a pointer, where the
	// codec or dst's type has its own rule for that, and reports whether it did.
	// When it did not, it may return another value to convert in place of src.
	Special func(dst reflect.Value, src any) (instead any, done bool, err error)
}

// Pairs is a map whose keys need not be comparable.
type Pairs []Pair

// Pair is a key and its value.
type Pair struct{ Key, Value any }

// Into stores src in what target points to. On an error target may hold a part.
func (r *Rules) Into(target, src any) error {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("the target must be a non-nil pointer, not %T", target)
	}
	return r.set(v.Elem(), src, place{})
}

// place is where in the target a conversion is.
type place struct {
	inside   bool // a container
	inStruct bool // in a field, which the codec's library has written
	pointers int  // on the way to this value, without another container
}

// maxPointers ends a type that is a pointer to itself.
const maxPointers = 16

var (
	timeType   = reflect.TypeFor[time.Time]()
	bigIntType = reflect.TypeFor[big.Int]()
)

func (r *Rules) set(dst reflect.Value, src any, at place) error {
	if src == nil {
		return r.setNil(dst, at)
	}
	switch dst.Kind() {
	case reflect.Interface:
		return setInterface(dst, src)
	case reflect.Pointer:
		if reflect.TypeOf(src) == dst.Type() {
			dst.Set(reflect.ValueOf(src))
			return nil
		}
		if at.pointers++; at.pointers > maxPointers {
			return mismatch(dst, src)
		}
		fresh := reflect.New(dst.Type().Elem())
		if err := r.set(fresh.Elem(), src, at); err != nil {
			return err
		}
		dst.Set(fresh)
		return nil
	}
	at.pointers = 0
	if r.Special != nil {
		instead, done, err := r.Special(dst, src)
		if done || err != nil {
			return err
		}
		src = instead
	}
	switch dst.Type() {
	case timeType:
		return r.setTime(dst, src)
	case bigIntType:
		return setBigInt(dst, src)
	}
	switch dst.Kind() {
	case reflect.Bool:
		if v := reflect.ValueOf(src); v.Kind() == reflect.Bool {
			dst.SetBool(v.Bool())
			return nil
		}
	case reflect.String:
		if v := reflect.ValueOf(src); v.Kind() == reflect.String {
			dst.SetString(v.String())
			return nil
		}
	case reflect.Slice, reflect.Array:
		at.inside = true
		return r.setList(dst, src, at)
	case reflect.Map:
		at.inside = true
		return r.setMap(dst, src, at)
	case reflect.Struct:
		return r.setStruct(dst, src)
	default:
		return r.setNumber(dst, src, at)
	}
	return mismatch(dst, src)
}

func (r *Rules) setNil(dst reflect.Value, at place) error {
	switch dst.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		dst.SetZero()
		return nil
	}
	if r.NilTime && at.inside && dst.Type() == timeType {
		dst.SetZero()
		return nil
	}
	if r.Special != nil {
		if _, done, err := r.Special(dst, nil); done || err != nil {
			return err
		}
	}
	return mismatch(dst, nil)
}

func setInterface(dst reflect.Value, src any) error {
	v := reflect.ValueOf(src)
	if !v.Type().AssignableTo(dst.Type()) {
		return mismatch(dst, src)
	}
	dst.Set(v)
	return nil
}

func (r *Rules) setTime(dst reflect.Value, src any) error {
	switch src := src.(type) {
	case time.Time:
		dst.Set(reflect.ValueOf(src))
		return nil
	case string:
		if !r.Text {
			break
		}
		var t time.Time
		if err := t.UnmarshalText([]byte(src)); err != nil {
			return fmt.Errorf("the text is not a time in the form of RFC 3339")
		}
		dst.Set(reflect.ValueOf(t))
		return nil
	}
	return mismatch(dst, src)
}

// Mismatch is the error of a value that a type cannot hold.
type Mismatch struct {
	To   reflect.Type
	From reflect.Type // nil for nil
}

func mismatch(dst reflect.Value, src any) error {
	return &Mismatch{dst.Type(), reflect.TypeOf(src)}
}

func (e *Mismatch) Error() string {
	if e.From == nil {
		return fmt.Sprintf("nil does not fit into %s", e.To)
	}
	return fmt.Sprintf("%s does not fit into %s", e.From, e.To)
}

// At adds where in the target an error is: a key, or an index in brackets.
type At struct {
	Step string
	Err  error
}

func (e *At) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap returns the error there.
func (e *At) Unwrap() error { return e.Err }
