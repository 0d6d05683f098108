package overlay

import (
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// List returns the elements of a list, whatever type of slice it is. Any other value,
// which only other code can have stored, counts as an empty list.
func List(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || rv.Kind() != reflect.Slice {
		return nil
	}
	list := make([]any, rv.Len())
	for i := range list {
		list[i] = rv.Index(i).Interface()
	}
	return list
}

// Append appends an element to the list at key. With once it appends nothing when the
// list has an element that is the same once stored.
func (o *Overlay) Append(key string, v any, once bool) {
	o.Edit(key, func(old any, _ bool) (any, bool) {
		list := append(slices.Clip(List(old)), v)
		if once && o.repeatsLast(list) {
			return old, true
		}
		return list, true
	})
}

// repeatsLast reports whether the last element is among those before it.
func (o *Overlay) repeatsLast(list []any) bool {
	forms := o.storedForms(list)
	last := len(forms) - 1
	return slices.ContainsFunc(forms[:last], func(v any) bool { return pickle.Equal(v, forms[last]) })
}

// Take removes elements from the list at key: each once, and no others.
func (o *Overlay) Take(key string, elements []any) {
	if e := o.entries.find(key); e != nil && e.state == override && len(elements) == len(List(e.value)) {
		o.Delete(key)
		return
	}
	taken := o.storedForms(elements) // a copy: the caller may change its elements
	o.Edit(key, func(old any, _ bool) (any, bool) {
		rest := o.without(List(old), taken)
		return rest, len(rest) > 0
	})
}

// without returns the list without the elements whose stored forms are taken, each of
// which removes one. The usual case is that they are the first elements, in the same
// order, which takes one pass.
func (o *Overlay) without(list, taken []any) []any {
	forms := o.storedForms(list)
	first := 0
	for first < len(taken) && first < len(forms) && pickle.Equal(forms[first], taken[first]) {
		first++
	}
	var rest []any
	taken = slices.Clone(taken[first:])
	for i := first; i < len(forms); i++ {
		if at := slices.IndexFunc(taken, func(v any) bool { return pickle.Equal(v, forms[i]) }); at >= 0 {
			taken = slices.Delete(taken, at, at+1)
			continue
		}
		rest = append(rest, list[i])
	}
	return rest
}

// storedForms returns a list as the next request would read it, so that elements can be
// compared: an int is stored as an int64, a struct as a map, and so on. The result
// shares no memory with the list, except for an element that cannot be encoded.
func (o *Overlay) storedForms(list []any) []any {
	if allText(list) {
		return slices.Clone(list)
	}
	if forms, ok := o.storedForm(list); ok {
		return forms
	}
	forms := slices.Clone(list)
	for i := range forms {
		if form, ok := o.storedForm(forms[i : i+1]); ok {
			forms[i] = form[0]
		}
	}
	return forms
}

func (o *Overlay) storedForm(list []any) (forms []any, ok bool) {
	v, err := o.layout.Normal(list)
	if err != nil {
		return nil, false
	}
	forms = List(v)
	return forms, len(forms) == len(list)
}

// allText reports whether all the elements are text, which every codec keeps as it is.
func allText(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool {
		text, ok := v.(string)
		return !ok || !utf8.ValidString(text)
	})
}
