package overlay

import (
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// A map, slice or pointer may be changed in place after Get has returned it, and no
// method is called then. So an entry keeps what such a value is compared with at the
// save; a difference counts as setting the key.

// original is what an entry's value is compared with: the stored data that it came
// from, or a copy.
type original interface {
	Diff(dst []byte, key string, v any) (encoded []byte, changed bool, err error)
}

// find returns the entry of a key, or nil. It decides about a stale entry first: one
// whose value has changed in place is an override, one that is still what is stored is
// kept, and any other is dropped.
func (o *Overlay) find(key string) *entry {
	o.used = true
	e := o.entries.find(key)
	if e == nil || !e.stale {
		return e
	}
	if o.changedInPlace(e) {
		e.state, e.stale = override, false
		return e
	}
	if _, changed, err := o.base.Diff(nil, key, e.value); changed || err != nil {
		e.state = dropped
		return nil
	}
	e.stale = false // other keys were written
	e.compareWith(o.base)
	return e
}

// changedInPlace reports whether the caller has changed the value that it got.
func (o *Overlay) changedInPlace(e *entry) bool {
	from := e.original()
	if !e.present || from == nil || record.Immutable(e.value) {
		return false
	}
	_, changed, err := from.Diff(nil, e.key, e.value)
	return changed || err != nil
}

// valueCopy is the original of a value that was made in this request.
type valueCopy struct {
	layout record.Layout
	value  any
}

func (c valueCopy) Diff(dst []byte, _ string, v any) ([]byte, bool, error) {
	now, err := c.layout.Normal(v)
	return dst, err == nil && !c.layout.Equal(c.value, now), err
}

// copyForComparison returns a copy of v as it is now, or nil when v cannot change in
// place or cannot be encoded.
func (o *Overlay) copyForComparison(v any) original {
	if record.Immutable(v) {
		return nil
	}
	if list, ok := plainList(v); ok {
		return listCopy(slices.Clone(list))
	}
	c, err := o.layout.Normal(v)
	if err != nil {
		return nil
	}
	return valueCopy{o.layout, c}
}

// copyOf returns v as it is now, and v itself where it cannot be copied.
func (o *Overlay) copyOf(v any) any {
	switch c := o.copyForComparison(v).(type) {
	case valueCopy:
		return c.value
	case listCopy:
		return []any(c)
	}
	return v
}

// listCopy is the original of a list whose elements cannot change in place. A flash
// queue is one: to encode it for each message that is appended would take time that
// grows with the square of their number.
type listCopy []any

func (c listCopy) Diff(dst []byte, _ string, v any) ([]byte, bool, error) {
	now, ok := plainList(v)
	return dst, !ok || !slices.Equal(now, c), nil
}

// plainList returns v when it is a list of elements that cannot change in place, each
// equal to itself, which NaN is not.
func plainList(v any) ([]any, bool) {
	list, ok := v.([]any)
	if !ok || list == nil {
		return nil, false
	}
	for _, elem := range list {
		if !record.Immutable(elem) || elem != elem { //nolint:gocritic // NaN
			return nil, false
		}
	}
	return list, true
}
