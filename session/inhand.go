package session

import "slices"

// A value that can change in place may do so for as long as the caller has it
// in hand, and no one hears of it. So a slot keeps such a value as it was when
// it was handed out; a difference counts as setting the key.

// slot returns what the request knows and did about a key, nil when that is
// nothing, or nothing any more.
func (w *working) slot(key string) *slot {
	sl := w.slots.find(key)
	if sl == nil || !sl.stale {
		return sl
	}
	if w.changedInPlace(sl) {
		sl.intent, sl.stale = replaced, false
		return sl
	}
	if _, changed, err := w.base.diff(nil, key, sl.value); changed || err != nil {
		sl.intent = unknown
		return nil
	}
	sl.stale = false // other keys were written
	sl.hold(w.base)
	return sl
}

// changedInPlace reports whether the caller has changed the value in hand.
func (w *working) changedInPlace(sl *slot) bool {
	if !sl.present || sl.held == nil || sl.held.from == nil || immutable(sl.value) {
		return false
	}
	_, changed, err := sl.held.from.diff(nil, sl.key, sl.value)
	return changed || err != nil
}

// pristine is what a slot compares the value in hand with: the stored state that
// it came from, or a copy.
type pristine interface {
	diff(dst []byte, key string, v any) (encoded []byte, changed bool, err error)
}

// copied is the pristine form of a value that was made in this request.
type copied struct {
	layout layout
	value  any
}

func (c copied) diff(dst []byte, _ string, v any) ([]byte, bool, error) {
	now, err := c.layout.normal(v)
	return dst, err == nil && !c.layout.equal(c.value, now), err
}

// keep returns the pristine form of v as it is now, or nil when v cannot change or
// cannot be encoded.
func (w *working) keep(v any) pristine {
	if immutable(v) {
		return nil
	}
	if list, ok := plainList(v); ok {
		return keptList(slices.Clone(list))
	}
	c, err := w.layout.normal(v)
	if err != nil {
		return nil
	}
	return copied{w.layout, c}
}

// copyOf returns v as it is now, whatever its owner does to it later.
func (w *working) copyOf(v any) any {
	switch kept := w.keep(v).(type) {
	case copied:
		return kept.value
	case keptList:
		return []any(kept)
	}
	return v
}

// keptList is the pristine form of a list whose elements cannot change in place. A
// flash queue is one: to encode it for each message that is appended would take time
// that grows with the square of their number.
type keptList []any

func (l keptList) diff(dst []byte, _ string, v any) ([]byte, bool, error) {
	now, ok := plainList(v)
	return dst, !ok || !slices.Equal(now, l), nil
}

// plainList returns v when it is a list of elements that cannot change in place, each
// equal to itself, which NaN is not.
func plainList(v any) ([]any, bool) {
	list, ok := v.([]any)
	if !ok || list == nil {
		return nil, false
	}
	for _, elem := range list {
		if !immutable(elem) || elem != elem { //nolint:gocritic // NaN
			return nil, false
		}
	}
	return list, true
}
