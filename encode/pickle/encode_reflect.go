package pickle

import (
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
)

// reflected writes what is known only by its kind: named types, structs, maps
// and slices of something particular, pointers.
func (w *writer) reflected(v any, depth int) error {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Bool:
		w.bool(rv.Bool())
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.int(rv.Int())
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return w.bigInt(new(big.Int).SetUint64(rv.Uint()))
	case reflect.Float32, reflect.Float64:
		return w.value(rv.Float(), depth)
	case reflect.String:
		return w.string(rv.String())
	case reflect.Slice, reflect.Array:
		return w.sequence(rv, depth)
	case reflect.Map:
		return w.goMap(rv, depth)
	case reflect.Struct:
		return w.structure(rv, depth)
	case reflect.Pointer:
		if rv.IsNil() {
			w.op(opNone)
			return nil
		}
		if depth <= 0 {
			return w.tooDeep()
		}
		return w.value(rv.Elem().Interface(), depth-1)
	}
	return fmt.Errorf("%w: Python has nothing for a %v", ErrUnsupported, rv.Type())
}

// sequence writes a list, or bytes when the elements are bytes. A nil slice is
// an empty list: what Python stores as a list it expects to be one.
func (w *writer) sequence(rv reflect.Value, depth int) error {
	if rv.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, rv.Len())
		for i := range b {
			b[i] = byte(rv.Index(i).Uint())
		}
		return w.bytes(b)
	}
	if depth <= 0 {
		return w.tooDeep()
	}
	w.op(opEmptyList)
	w.memoize()
	return w.batches(listBatches, rv.Len(), func(i int) error {
		return atIndex(i, w.value(rv.Index(i).Interface(), depth-1))
	})
}

// goMap writes a map with its keys in order.
func (w *writer) goMap(rv reflect.Value, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	entries, err := sortedEntries(rv)
	if err != nil {
		return err
	}
	w.op(opEmptyDict)
	w.memoize()
	return w.batches(dictBatches, len(entries), func(i int) error {
		key := entries[i].key.Interface()
		if err := w.value(key, depth-1); err != nil {
			return atKey(key, err)
		}
		return atKey(key, w.value(entries[i].value.Interface(), depth-1))
	})
}

// A mapEntry has its value at hand because a NaN key finds none.
type mapEntry struct {
	key, value reflect.Value
	canonical  string
}

// sortedEntries refuses keys that are one key in Python, as 1 and true are.
func sortedEntries(rv reflect.Value) ([]mapEntry, error) {
	entries := make([]mapEntry, 0, rv.Len())
	seen := make(map[string]bool, rv.Len())
	for it := rv.MapRange(); it.Next(); {
		key := it.Key().Interface()
		canonical, err := keyOf(key)
		if err != nil {
			return nil, err
		}
		if seen[canonical] && !hasNaN(key) {
			return nil, fmt.Errorf("%w: two keys of a %v are equal in Python", ErrUnsupported, rv.Type())
		}
		seen[canonical] = true
		entries = append(entries, mapEntry{it.Key(), it.Value(), canonical})
	}
	slices.SortFunc(entries, func(a, b mapEntry) int {
		return cmp.Or(compareKeys(a.key, b.key), strings.Compare(a.canonical, b.canonical))
	})
	return entries, nil
}

// compareKeys orders keys by their kind, and strings and numbers of one kind
// by their value.
func compareKeys(a, b reflect.Value) int {
	if a.Kind() == reflect.Interface {
		a, b = a.Elem(), b.Elem()
	}
	switch {
	case a.Kind() != b.Kind():
		return cmp.Compare(a.Kind(), b.Kind())
	case a.Kind() == reflect.String:
		return strings.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return 0
}

// structure writes a dict of the exported fields, in their order.
func (w *writer) structure(rv reflect.Value, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	fields, err := rules.FieldsOf(rv.Type())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	w.op(opEmptyDict)
	w.memoize()
	var items []Item
	for _, f := range fields {
		v, ok := f.In(rv)
		if !ok || f.OmitEmpty && isEmpty(v) || f.OmitZero && v.IsZero() {
			continue
		}
		items = append(items, Item{f.Name, v.Interface()})
	}
	return w.items(dictBatches, items, depth)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
