package pickle

import (
	"maps"
	"reflect"
	"slices"
)

func mapItems(m map[string]any) []Item {
	items := make([]Item, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		items = append(items, Item{k, m[k]})
	}
	return items
}

// assignMap puts the items of src into a map, a struct, or another kind of dict.
func assignMap(dst reflect.Value, items []Item, src any) error {
	switch dst.Type() {
	case reflect.TypeFor[Dict]():
		dst.Set(reflect.ValueOf(Dict{items}))
		return nil
	case reflect.TypeFor[OrderedDict]():
		dst.Set(reflect.ValueOf(OrderedDict{items}))
		return nil
	}
	switch dst.Kind() {
	case reflect.Map:
		return assignGoMap(dst, items)
	case reflect.Struct:
		return assignStruct(dst, items, src)
	}
	return mismatch(dst, src)
}

func assignGoMap(dst reflect.Value, items []Item) error {
	t := dst.Type()
	m := reflect.MakeMapWithSize(t, len(items))
	for _, item := range items {
		if k := reflect.TypeOf(item.Key); k != nil && !k.Comparable() {
			// bytes, tuples and frozensets: a key in Python, none in Go.
			return atKey(item.Key, mismatch(reflect.New(t.Key()).Elem(), item.Key))
		}
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := assign(key, item.Key); err != nil {
			return atKey(item.Key, err)
		}
		if err := assign(value, item.Value); err != nil {
			return atKey(item.Key, err)
		}
		m.SetMapIndex(key, value)
	}
	dst.Set(m)
	return nil
}

// assignStruct sets the fields that have a key of their name. Other keys are
// nobody's, and other fields stay what they are.
func assignStruct(dst reflect.Value, items []Item, src any) error {
	fields, err := fieldsOf(dst.Type())
	if err != nil {
		return mismatch(dst, src)
	}
	values := make(map[string]any, len(items))
	for _, item := range items {
		if name, ok := item.Key.(string); ok {
			values[name] = item.Value
		}
	}
	for _, f := range fields {
		v, ok := values[f.name]
		if !ok {
			continue
		}
		to, ok := f.settable(dst)
		if !ok || !to.CanSet() {
			continue
		}
		if err := assign(to, v); err != nil {
			return atKey(f.name, err)
		}
	}
	return nil
}
