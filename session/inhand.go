package session

import "github.com/pyramidgo/redissessions/session/internal/record"

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
	if _, changed, err := w.base.Diff(nil, key, sl.value); changed || err != nil {
		sl.intent = unknown
		return nil
	}
	sl.stale = false // other keys were written
	sl.hold(w.base)
	return sl
}

// changedInPlace reports whether the caller has changed the value in hand.
func (w *working) changedInPlace(sl *slot) bool {
	if !sl.present || sl.held == nil || sl.held.from == nil || record.Immutable(sl.value) {
		return false
	}
	_, changed, err := sl.held.from.Diff(nil, sl.key, sl.value)
	return changed || err != nil
}

// pristine is what a slot compares the value in hand with: the stored state that
// it came from, or a copy.
type pristine interface {
	Diff(dst []byte, key string, v any) (encoded []byte, changed bool, err error)
}

// copied is the pristine form of a value that was made in this request.
type copied struct {
	layout record.Layout
	value  any
}

func (c copied) Diff(dst []byte, _ string, v any) ([]byte, bool, error) {
	now, err := c.layout.Normal(v)
	return dst, err == nil && !c.layout.Equal(c.value, now), err
}

// keep returns the pristine form of v as it is now, or nil when v cannot change or
// cannot be encoded.
func (w *working) keep(v any) pristine {
	if record.Immutable(v) {
		return nil
	}
	c, err := w.layout.Normal(v)
	if err != nil {
		return nil
	}
	return copied{w.layout, c}
}

// copyOf returns v as it is now, whatever its owner does to it later.
func (w *working) copyOf(v any) any {
	if kept, ok := w.keep(v).(copied); ok {
		return kept.value
	}
	return v
}
