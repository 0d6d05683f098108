package pickle

import (
	"bytes"
	"math"
	"reflect"
	"slices"
)

// Equal reports whether two decoded values are the same. It takes what
// [Unmarshal] decodes into an any, and what the codecs of package encode do.
// Unlike reflect.DeepEqual it takes a NaN as equal to itself, because a session
// that holds one would otherwise count as changed in every request, and it
// ignores the order of a set's elements and of a dict's items, which differs
// between Python processes. The order of an OrderedDict counts. Values of
// different types are different: int64(1) is not 1.0.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case Tuple:
		b, ok := b.(Tuple)
		return ok && slices.EqualFunc(a, b, Equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && sameMaps(a, b)
	case map[any]any:
		b, ok := b.(map[any]any)
		return ok && sameMaps(a, b)
	case *OrderedDict:
		b, ok := b.(*OrderedDict)
		return ok && slices.EqualFunc(a.Items, b.Items, sameItems)
	case *Dict:
		b, ok := b.(*Dict)
		return ok && slices.EqualFunc(sortedItems(a), sortedItems(b), sameItems)
	case Set:
		b, ok := b.(Set)
		return ok && slices.EqualFunc(sortedKeys(a), sortedKeys(b), bytes.Equal)
	case FrozenSet:
		b, ok := b.(FrozenSet)
		return ok && slices.EqualFunc(sortedKeys(a), sortedKeys(b), bytes.Equal)
	}
	return reflect.DeepEqual(a, b)
}

func sameMaps[K comparable](a, b map[K]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

func sameItems(a, b Item) bool {
	return bytes.Equal(keyBytes(a.Key), keyBytes(b.Key)) && Equal(a.Value, b.Value)
}

func sortedItems(d *Dict) []Item {
	return slices.SortedFunc(slices.Values(d.Items), func(a, b Item) int {
		return bytes.Compare(keyBytes(a.Key), keyBytes(b.Key))
	})
}

func sortedKeys(elems []any) [][]byte {
	keys := make([][]byte, len(elems))
	for i, e := range elems {
		keys[i] = keyBytes(e)
	}
	slices.SortFunc(keys, bytes.Compare)
	return keys
}

// keyBytes returns bytes that are equal for equal elements of a set and for equal
// keys of a dict. Those are plain values, or tuples and frozensets of them.
func keyBytes(v any) []byte {
	switch elems := v.(type) {
	case Tuple:
		parts := make([]any, len(elems))
		for i, e := range elems {
			parts[i] = keyBytes(e)
		}
		v = Tuple(parts)
	case FrozenSet:
		parts := make([]any, len(elems))
		for i, k := range sortedKeys(elems) {
			parts[i] = k
		}
		v = parts // not a set, whose elements are not in order
	}
	b, _ := Marshal(v) // v was decoded, so it can be encoded
	return b
}
