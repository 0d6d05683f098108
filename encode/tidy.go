package encode

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"time"
)

// tidy returns a decoded tree with the types that the package promises,
// whatever types the library chose. It changes lists and maps in place.
func tidy(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		for key, elem := range v {
			t, err := tidy(elem)
			if err != nil {
				return nil, err
			}
			v[key] = t
		}
	case []any:
		for i, elem := range v {
			t, err := tidy(elem)
			if err != nil {
				return nil, err
			}
			v[i] = t
		}
	case map[any]any:
		return tidyMixed(v)
	case json.Number:
		return number(string(v))
	case time.Time:
		return v.UTC(), nil
	case *big.Int:
		if v.IsInt64() {
			return v.Int64(), nil
		}
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), nil
		}
	case float32:
		return float64(v), nil
	}
	return v, nil
}

// tidyMixed is tidy for a map whose keys need not be text, and makes it a
// map[string]any where all of them are.
func tidyMixed(m map[any]any) (any, error) {
	texts := make(map[string]any, len(m))
	mixed := make(map[any]any)
	for key, elem := range m {
		k, err := tidy(key)
		if err != nil {
			return nil, err
		}
		t, err := tidy(elem)
		if err != nil {
			return nil, err
		}
		if text, ok := k.(string); ok && len(mixed) == 0 {
			texts[text] = t
			continue
		}
		mixed[k] = t
	}
	if len(mixed) == 0 {
		return texts, nil
	}
	for key, elem := range texts {
		mixed[key] = elem
	}
	return mixed, nil
}

// tidyTarget tidies what was decoded into the fields, elements and values of
// type any inside the target that v points to.
func tidyTarget(v reflect.Value, depth int) error {
	if depth > 4*MaxDepth || !holdsAny(v.Type()) {
		return nil // a target of the caller's may contain itself
	}
	depth++
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return tidyTarget(v.Elem(), depth)
		}
	case reflect.Interface:
		if v.IsNil() || v.NumMethod() > 0 || !v.CanSet() {
			return nil
		}
		t, err := tidy(v.Interface())
		if err != nil || t == nil {
			return err
		}
		v.Set(reflect.ValueOf(t))
	case reflect.Struct:
		for i := range v.NumField() {
			if err := tidyTarget(v.Field(i), depth); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := tidyTarget(v.Index(i), depth); err != nil {
				return err
			}
		}
	case reflect.Map:
		for iter := v.MapRange(); iter.Next(); {
			elem := reflect.New(v.Type().Elem()).Elem()
			elem.Set(iter.Value())
			if err := tidyTarget(elem, depth); err != nil {
				return err
			}
			v.SetMapIndex(iter.Key(), elem)
		}
	}
	return nil
}
