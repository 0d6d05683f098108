package convert

import (
	"encoding"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// setList stores bytes in a slice or an array of bytes, and a list in one of
// anything.
func (r *Rules) setList(dst reflect.Value, src any, at place) error {
	text, isText := src.(string)
	if isText && r.Text && dst.Kind() == reflect.Slice && dst.Type().Elem().Kind() == reflect.Uint8 {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("the text is not base64")
		}
		dst.SetBytes(b)
		return nil
	}
	if b, ok := src.([]byte); ok {
		return setBytes(dst, b)
	}
	list, ok := listOf(src)
	if !ok {
		return mismatch(dst, src)
	}
	if dst.Kind() == reflect.Array && dst.Len() != len(list) {
		return fmt.Errorf("%d values do not fit into %s", len(list), dst.Type())
	}
	if dst.Kind() == reflect.Slice {
		dst.Set(reflect.MakeSlice(dst.Type(), 0, firstRoom(dst.Type().Elem(), len(list))))
	}
	for i, elem := range list {
		if dst.Kind() == reflect.Slice {
			if i == dst.Cap() {
				dst.Grow(len(list) - i)
			}
			dst.SetLen(i + 1)
		}
		if err := r.set(dst.Index(i), elem, at); err != nil {
			return &At{"[" + strconv.Itoa(i) + "]", err}
		}
	}
	return nil
}

// firstRoom returns for how many of n elements a slice has room at first. It gets
// room for all of them when the first ones did fit: most records that are wrong for
// a type are wrong from the first element on.
func firstRoom(elem reflect.Type, n int) int {
	const size = 1 << 16
	return min(n, 1+size/max(1, int(elem.Size())))
}

func setBytes(dst reflect.Value, b []byte) error {
	switch {
	case dst.Type().Elem().Kind() != reflect.Uint8:
		return mismatch(dst, b)
	case dst.Kind() == reflect.Slice:
		dst.SetBytes(append([]byte{}, b...))
	case dst.Len() != len(b):
		return fmt.Errorf("%d bytes do not fit into %s", len(b), dst.Type())
	default:
		for i := range b {
			dst.Index(i).SetUint(uint64(b[i]))
		}
	}
	return nil
}

// listOf returns src as a list, if it is a []any or a type that is one.
func listOf(src any) ([]any, bool) {
	if list, ok := src.([]any); ok {
		return list, true
	}
	v := reflect.ValueOf(src)
	if v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[any]() {
		return nil, false
	}
	return v.Convert(reflect.TypeFor[[]any]()).Interface().([]any), true
}

// pairsOf returns the pairs of a map in no particular order.
func pairsOf(src any) (Pairs, bool) {
	switch src := src.(type) {
	case Pairs:
		return src, true
	case map[string]any:
		pairs := make(Pairs, 0, len(src))
		for key, value := range src {
			pairs = append(pairs, Pair{key, value})
		}
		return pairs, true
	case map[any]any:
		pairs := make(Pairs, 0, len(src))
		for key, value := range src {
			pairs = append(pairs, Pair{key, value})
		}
		return pairs, true
	}
	return nil, false
}

func (r *Rules) setMap(dst reflect.Value, src any, at place) error {
	pairs, ok := pairsOf(src)
	if !ok {
		return mismatch(dst, src)
	}
	t := dst.Type()
	m := reflect.MakeMapWithSize(t, len(pairs))
	for _, pair := range pairs {
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := r.setKey(key, pair.Key); err != nil {
			return &At{stepOf(pair.Key), err}
		}
		if err := r.set(value, pair.Value, at); err != nil {
			return &At{stepOf(pair.Key), err}
		}
		m.SetMapIndex(key, value)
	}
	if m.Len() != len(pairs) {
		return fmt.Errorf("two keys are equal in %s", t)
	}
	dst.Set(m)
	return nil
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// setKey is set for the key of a map. In a format that has only text for keys, a
// type's own method decodes them only if it is UnmarshalText, as in encoding/json.
func (r *Rules) setKey(dst reflect.Value, src any) error {
	if src != nil && !reflect.TypeOf(src).Comparable() {
		return mismatch(dst, src)
	}
	if text, ok := src.(string); ok && r.Text && !reflect.PointerTo(dst.Type()).Implements(textUnmarshaler) {
		switch {
		case dst.Kind() == reflect.String:
			dst.SetString(text)
			return nil
		case dst.CanInt():
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
				return r.setNumber(dst, n, place{})
			}
		case dst.CanUint():
			if n, err := strconv.ParseUint(text, 10, 64); err == nil && strconv.FormatUint(n, 10) == text {
				return r.setNumber(dst, n, place{})
			}
		}
	}
	return r.set(dst, src, place{})
}

// setStruct stores the values of a map in the fields that its keys name.
func (r *Rules) setStruct(dst reflect.Value, src any) error {
	pairs, ok := pairsOf(src)
	if !ok {
		return mismatch(dst, src)
	}
	fields, err := r.FieldsOf(dst.Type())
	if err != nil {
		return err
	}
	values := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		if name, ok := pair.Key.(string); ok {
			values[name] = pair.Value
		}
	}
	for _, f := range fields {
		value, ok := r.valueFor(f.Name, values)
		if !ok {
			continue
		}
		if _, reached := f.In(dst); value == nil && r.InOrder && !reached {
			continue // the library writes nil for each field of an embedded pointer that is nil
		}
		field, ok := f.settable(dst)
		if !ok || !field.CanSet() {
			return &At{stepOf(f.Name), fmt.Errorf("it is in an embedded pointer that is not exported, which cannot be set")}
		}
		if text, ok := value.(string); ok && f.Quoted && r.Text {
			err = r.setQuoted(field, text)
		} else {
			err = r.set(field, value, place{inside: true, inStruct: true})
		}
		if err != nil {
			return &At{stepOf(f.Name), err}
		}
	}
	return nil
}

// valueFor returns the value at a field's name, or with Fold at a key that
// differs from it in case only; of several such keys the first in order.
func (r *Rules) valueFor(name string, values map[string]any) (any, bool) {
	v, ok := values[name]
	if ok || !r.Fold {
		return v, ok
	}
	var found []string
	for key := range values {
		if strings.EqualFold(key, name) {
			found = append(found, key)
		}
	}
	if len(found) == 0 {
		return nil, false
	}
	return values[slices.Min(found)], true
}

// setQuoted stores a value that encoding/json has written into a text, as the
// option "string" of a field's tag asks for.
func (r *Rules) setQuoted(dst reflect.Value, text string) error {
	for dst.Kind() == reflect.Pointer {
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		dst = dst.Elem()
	}
	var value any
	var err error
	switch {
	case dst.Kind() == reflect.Bool:
		value, err = strconv.ParseBool(text)
	case dst.CanInt():
		value, err = strconv.ParseInt(text, 10, 64)
	case dst.CanUint():
		value, err = strconv.ParseUint(text, 10, 64)
	case dst.CanFloat():
		value, err = strconv.ParseFloat(text, 64)
	case dst.Kind() == reflect.String:
		value, err = strconv.Unquote(text)
	default:
		value = text
	}
	if err != nil {
		return fmt.Errorf("the text does not hold a %s", dst.Type())
	}
	return r.set(dst, value, place{inside: true, inStruct: true})
}

// stepOf is a key as a step of the way to an error, in one short line.
func stepOf(key any) string {
	const longest = 40
	text, ok := key.(string)
	if !ok {
		return fmt.Sprintf("[key of type %T]", key)
	}
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return strconv.Quote(text)
}
