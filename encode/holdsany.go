package encode

import (
	"reflect"
	"sync"
)

// anyHolders remembers holdsAny's answers, reflect.Type -> bool.
var anyHolders sync.Map

// holdsAny reports whether a value of type t may hold an any somewhere. Most
// targets do not, and need no second walk.
func holdsAny(t reflect.Type) bool {
	if known, ok := anyHolders.Load(t); ok {
		return known.(bool)
	}
	holds := searchAny(t, make(map[reflect.Type]bool))
	anyHolders.Store(t, holds)
	return holds
}

// searchAny looks through t. A type being looked through already, of a
// recursive type, adds nothing.
func searchAny(t reflect.Type, searched map[reflect.Type]bool) bool {
	if searched[t] {
		return false
	}
	searched[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return searchAny(t.Elem(), searched)
	case reflect.Struct:
		for i := range t.NumField() {
			if searchAny(t.Field(i).Type, searched) {
				return true
			}
		}
	}
	return false
}
