package encode

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// fits compares the integers of a decoded tree with those that the library
// stored in a typed target: it cuts 300 to fit an int8 without a word.
func fits(tree any, v reflect.Value) error {
	if decodesItself(v.Type()) {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return fits(tree, v.Elem())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i := v.Int(); tree != nil && tree != any(i) {
			return fmt.Errorf("%v does not fit into %s", tree, v.Type())
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u := v.Uint()
		if tree != nil && tree != any(u) && (u > math.MaxInt64 || tree != any(int64(u))) {
			return fmt.Errorf("%v does not fit into %s", tree, v.Type())
		}
	case reflect.Slice, reflect.Array:
		list, _ := tree.([]any)
		for i := range min(len(list), v.Len()) {
			if err := fits(list[i], v.Index(i)); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case reflect.Map:
		return fitsMap(tree, v)
	case reflect.Struct:
		return fitsStruct(tree, v)
	}
	return nil
}

func fitsMap(tree any, v reflect.Value) error {
	switch m := tree.(type) {
	case map[string]any:
		if v.Type().Key().Kind() != reflect.String {
			return nil
		}
		for key, elem := range m {
			if found := v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())); found.IsValid() {
				if err := fits(elem, found); err != nil {
					return fmt.Errorf("%s: %w", keyStep(key), err)
				}
			}
		}
	case map[any]any:
		for wide, elem := range m {
			key := reflect.New(v.Type().Key()).Elem()
			if number, ok := wide.(int64); ok && key.CanInt() {
				key.SetInt(number)
			} else if ok && key.CanUint() {
				key.SetUint(uint64(number))
			} else {
				continue
			}
			if err := fits(wide, key); err != nil {
				return err
			}
			if found := v.MapIndex(key); found.IsValid() {
				if err := fits(elem, found); err != nil {
					return fmt.Errorf("%v: %w", wide, err)
				}
			}
		}
	}
	return nil
}

func fitsStruct(tree any, v reflect.Value) error {
	dict, ok := tree.(map[string]any)
	if !ok {
		return nil
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		tag, found := field.Tag.Lookup("msgpack")
		if !found {
			tag = field.Tag.Get("json")
		}
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case name == "" && field.Anonymous:
			if err := fits(tree, v.Field(i)); err != nil {
				return err
			}
		case name == "":
			name = field.Name
		}
		if elem, ok := dict[name]; ok && field.IsExported() {
			if err := fits(elem, v.Field(i)); err != nil {
				return fmt.Errorf("%s: %w", keyStep(name), err)
			}
		}
	}
	return nil
}

var selfDecoders = []reflect.Type{
	reflect.TypeFor[msgpack.CustomDecoder](),
	reflect.TypeFor[msgpack.Unmarshaler](),
	reflect.TypeFor[encoding.BinaryUnmarshaler](),
	reflect.TypeFor[encoding.TextUnmarshaler](),
}

// decodesItself reports whether a value of type t, or its address, has a
// method that decodes it, and so its own way with numbers.
func decodesItself(t reflect.Type) bool {
	for _, decoder := range selfDecoders {
		if t.Implements(decoder) || reflect.PointerTo(t).Implements(decoder) {
			return true
		}
	}
	return false
}
