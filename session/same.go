package session

import (
	"bytes"
	"math"
	"reflect"
	"slices"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// same reports whether two values that a codec has decoded are the same. Unlike
// reflect.DeepEqual it takes a NaN for itself, or every visit would change a
// session that holds one, and it does not mind the order of a set or a dict:
// each Python process has its own.
func same(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case pickle.Tuple:
		b, ok := b.(pickle.Tuple)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && sameMaps(a, b)
	case *pickle.OrderedDict:
		b, ok := b.(*pickle.OrderedDict)
		return ok && slices.EqualFunc(a.Items, b.Items, sameItems)
	case *pickle.Dict:
		b, ok := b.(*pickle.Dict)
		return ok && slices.EqualFunc(sortedItems(a), sortedItems(b), sameItems)
	case pickle.Set:
		b, ok := b.(pickle.Set)
		return ok && slices.EqualFunc(sortedKeys(a), sortedKeys(b), bytes.Equal)
	case pickle.FrozenSet:
		b, ok := b.(pickle.FrozenSet)
		return ok && slices.EqualFunc(sortedKeys(a), sortedKeys(b), bytes.Equal)
	}
	return reflect.DeepEqual(a, b)
}

func sameMaps(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || !same(v, w) {
			return false
		}
	}
	return true
}

func sameItems(a, b pickle.Item) bool {
	return bytes.Equal(keyBytes(a.Key), keyBytes(b.Key)) && same(a.Value, b.Value)
}

func sortedItems(d *pickle.Dict) []pickle.Item {
	return slices.SortedFunc(slices.Values(d.Items), func(a, b pickle.Item) int {
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

// keyBytes returns what two elements of a set, or two keys of a dict, have in
// common when they are the same. They are plain values, or tuples and frozensets
// of them.
func keyBytes(v any) []byte {
	switch elems := v.(type) {
	case pickle.Tuple:
		parts := make([]any, len(elems))
		for i, e := range elems {
			parts[i] = keyBytes(e)
		}
		v = pickle.Tuple(parts)
	case pickle.FrozenSet:
		parts := make([]any, len(elems))
		for i, k := range sortedKeys(elems) {
			parts[i] = k
		}
		v = parts // not a set, whose elements are not in order
	}
	b, _ := pickle.Marshal(v) // it was decoded, so it can be encoded
	return b
}
