package record

import (
	"maps"
	"reflect"
	"slices"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

// A Python dict has an order: that in which its keys came. A map of Go has none, so
// that what is written takes its order from the record before: keys that were there
// stay where they were, new ones follow, sorted.

// inOrder returns v with its dicts in the order of those in prior, which stand at the
// same places there. The dicts of prior are *pickle.Dicts.
func inOrder(v, prior any) any {
	switch v := v.(type) {
	case map[string]any:
		if d, ok := prior.(*pickle.Dict); ok && v != nil {
			return dictInOrder(v, nil, d)
		}
	case *pickle.Dict:
		if d, ok := prior.(*pickle.Dict); ok && v != nil {
			return &pickle.Dict{Items: itemsInOrder(v.Items, d.Items)}
		}
	case *pickle.OrderedDict:
		if d, ok := prior.(*pickle.OrderedDict); ok && v != nil {
			return &pickle.OrderedDict{Items: itemsInOrder(v.Items, d.Items)}
		}
	case []any:
		if p, ok := prior.([]any); ok && v != nil {
			return elementsInOrder(v, p)
		}
	case pickle.Tuple:
		if p, ok := prior.(pickle.Tuple); ok && v != nil {
			return pickle.Tuple(elementsInOrder(v, p))
		}
	}
	return v
}

// dictInOrder returns the dict of values, and of others, whose keys are not text and
// which were all in prior.
func dictInOrder(values map[string]any, others []pickle.Item, prior *pickle.Dict) *pickle.Dict {
	items := make([]pickle.Item, 0, len(values)+len(others))
	added := make(map[string]any, len(values))
	for _, item := range prior.Items {
		key, isText := item.Key.(string)
		if !isText {
			if len(others) > 0 {
				items = append(items, pickle.Item{Key: others[0].Key, Value: inOrder(others[0].Value, item.Value)})
				others = others[1:]
			}
			continue
		}
		if v, ok := values[key]; ok {
			items = append(items, pickle.Item{Key: key, Value: inOrder(v, item.Value)})
			added[key] = nil
		}
	}
	items = append(items, others...)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if _, ok := added[key]; !ok {
			items = append(items, pickle.Item{Key: key, Value: values[key]})
		}
	}
	return &pickle.Dict{Items: items}
}

// membersInOrder returns a whole record as a dict: first the members that the Python
// package writes, in its order, then what else prior has.
func membersInOrder(whole map[string]any, members []string, prior any) *pickle.Dict {
	old, ok := prior.(*pickle.Dict)
	if !ok {
		old = &pickle.Dict{}
	}
	order := &pickle.Dict{}
	for _, name := range members {
		value, _ := old.Get(name)
		order.Items = append(order.Items, pickle.Item{Key: name, Value: value})
	}
	for _, item := range old.Items {
		if name, isText := item.Key.(string); isText && !slices.Contains(members, name) {
			order.Items = append(order.Items, item)
		}
	}
	return dictInOrder(whole, nil, order)
}

// itemsInOrder keeps the order of items, which have one, and sees to the values.
func itemsInOrder(items, prior []pickle.Item) []pickle.Item {
	byKey := make(map[any]any, len(prior))
	for _, item := range prior {
		if isComparable(item.Key) {
			byKey[item.Key] = item.Value
		}
	}
	out := slices.Clone(items)
	for i, item := range out {
		if isComparable(item.Key) {
			out[i].Value = inOrder(item.Value, byKey[item.Key])
		}
	}
	return out
}

func isComparable(key any) bool { return key == nil || reflect.TypeOf(key).Comparable() }

func elementsInOrder(elems, prior []any) []any {
	out := slices.Clone(elems)
	for i := range min(len(out), len(prior)) {
		out[i] = inOrder(out[i], prior[i])
	}
	return out
}

// writesOrder reports whether a codec writes pickles, in which a *pickle.Dict is a
// dict. A codec is two functions, which say nothing about themselves, so it is tried.
func writesOrder(c encode.Codec) bool {
	dict := &pickle.Dict{Items: []pickle.Item{{Key: "b", Value: true}, {Key: "a", Value: false}}}
	data := tried(c, dict)
	var back any
	return data != nil && pickle.Decoder{Ordered: true}.Unmarshal(data, &back) == nil && reflect.DeepEqual(back, dict)
}

// tried returns what a codec makes of v, or nil where it makes nothing.
func tried(c encode.Codec, v any) (data []byte) {
	defer func() {
		if recover() != nil {
			data = nil
		}
	}()
	data, err := c.Encode(v)
	if err != nil {
		return nil
	}
	return data
}
