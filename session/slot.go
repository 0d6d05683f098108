package session

import (
	"slices"
)

// slot is what a request knows and did about one key.
type slot struct {
	value   any
	present bool // false: the key is absent
	intent  intent
	edits   []edit // when intent is amended

	// from holds the value as it was when it came into the caller's hands. It
	// is nil when the value cannot have changed in place.
	from pristine
	// stale is for a seen value when the stored state has been replaced since.
	// The caller may still change what it has in hand.
	stale bool
}

// intent says what a slot means for the stored record.
type intent int

const (
	// seen: the request has the value in hand. It counts as replaced when it
	// turns out to have changed in place.
	seen intent = iota
	// replaced: set or deleted, whatever the record holds: last writer wins.
	replaced
	// amended: made from what the record held. When the record has changed
	// meanwhile, the edits run again on what it holds now.
	amended
)

// edit makes a key's new value from its old one. The second value is whether
// there is one. An edit may run several times.
type edit func(old any, ok bool) (any, bool)

// working is a request's view of a session's data: the stored state below, and
// on top of it what the request did.
type working struct {
	layout  layout
	base    dataset
	slots   map[string]*slot
	cleared bool // the base is to be emptied first

	owner interface {
		damagedValue(key string, err error) // hears of values that cannot be decoded
	}
	spare []slot // room for slots, so that many do not cost an allocation each
}

// below is the stored state as far as it still counts.
func (w *working) below() dataset {
	if w.cleared {
		return w.layout.empty()
	}
	return w.base
}

func (w *working) lookup(key string) (any, bool) {
	if sl := w.slot(key); sl != nil {
		return sl.value, sl.present
	}
	v, ok := w.stored(key)
	if ok && !immutable(v) {
		w.put(key, slot{value: v, present: true, from: w.base})
	}
	return v, ok
}

// stored decodes a key's value in the stored state. A damaged value counts as
// absent.
func (w *working) stored(key string) (any, bool) {
	if w.cleared {
		return nil, false
	}
	v, ok, err := w.base.get(key)
	if err != nil {
		w.owner.damagedValue(key, err)
		return nil, false
	}
	return v, ok
}

func (w *working) has(key string) bool {
	if sl := w.slot(key); sl != nil {
		return sl.present
	}
	return !w.cleared && w.base.has(key)
}

// expect makes room for n more slots.
func (w *working) expect(n int) {
	if w.slots == nil {
		w.slots = make(map[string]*slot, n)
	}
	if cap(w.spare)-len(w.spare) < n {
		w.spare = make([]slot, 0, n)
	}
}

// put makes sl the slot of a key, and returns where it is.
func (w *working) put(key string, sl slot) *slot {
	if w.slots == nil || len(w.spare) == cap(w.spare) {
		w.expect(len(w.slots) + 1)
	}
	w.spare = append(w.spare, sl)
	p := &w.spare[len(w.spare)-1]
	w.slots[key] = p
	return p
}

func (w *working) set(key string, v any) {
	w.put(key, slot{value: v, present: true, intent: replaced})
}

func (w *working) remove(key string) { w.put(key, slot{intent: replaced}) }

func (w *working) clear() { w.slots, w.cleared = nil, true }

// amend applies an edit now, and keeps it for a later conflict unless the
// outcome no longer depends on the record.
func (w *working) amend(key string, e edit) {
	old, ok := w.lookup(key)
	sl := w.slots[key]
	if sl == nil {
		sl = w.put(key, slot{})
	}
	if w.cleared || w.changedInPlace(key, sl) {
		sl.intent, sl.edits = replaced, nil
	}
	sl.value, sl.present = e(old, ok)
	if sl.intent != replaced {
		sl.intent, sl.edits = amended, append(sl.edits, e)
		sl.from = w.keep(sl.value)
	}
}

// keys returns the keys that are present, sorted.
func (w *working) keys() []string {
	var keys []string
	for _, k := range w.below().keys() {
		if w.slot(k) == nil {
			keys = append(keys, k)
		}
	}
	for k := range w.slots {
		if sl := w.slot(k); sl != nil && sl.present {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// changes returns what a save must change in the stored state, in no order.
// Slots that turn out to change nothing are demoted to seen: setting a key to
// an equal value is no change, also when the save meets a conflict later.
// With deep set, values that were only looked at are compared too.
func (w *working) changes(deep bool, only func(key string) bool) ([]change, error) {
	if len(w.slots) == 0 {
		return nil, nil
	}
	below := w.below()
	changes := make([]change, 0, len(w.slots))
	var encoded []byte // the changed values, one after the other
	for key, sl := range w.slots {
		if only != nil && !only(key) {
			continue
		}
		if sl.intent == seen {
			if !deep || !w.changedInPlace(key, sl) {
				continue
			}
			sl.intent = replaced
		}
		c := change{key: key, deleted: !sl.present, value: sl.value}
		changed, start := false, len(encoded)
		if c.deleted {
			changed = below.has(key)
		} else {
			var err error
			if encoded, changed, err = below.diff(encoded, key, sl.value); err != nil {
				return nil, encodeError(key, err)
			}
			c.encoded = encoded[start:len(encoded):len(encoded)]
		}
		if !changed {
			sl.intent, sl.edits, sl.from = seen, nil, below
			continue
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// rebase puts what the request did on top of another stored state.
func (w *working) rebase(base dataset) {
	w.base = base
	for key, sl := range w.slots {
		switch {
		case sl.intent == replaced:
		case sl.intent == seen && (!sl.present || immutable(sl.value)):
			delete(w.slots, key)
		case sl.intent == seen:
			sl.stale = true
		case w.changedInPlace(key, sl):
			sl.intent, sl.edits = replaced, nil
		default:
			sl.value, sl.present = w.stored(key)
			for _, e := range sl.edits {
				sl.value, sl.present = e(sl.value, sl.present)
			}
			sl.from = w.keep(sl.value)
		}
	}
}

// saved makes a stored state the base after the changes were written to it.
// Values in hand stay in hand, for changes that are still to come.
func (w *working) saved(base dataset, changes []change) {
	w.base, w.cleared = base, false
	for _, c := range changes {
		sl := w.slots[c.key]
		sl.intent, sl.edits, sl.from, sl.stale = seen, nil, base, false
		if immutable(sl.value) {
			delete(w.slots, c.key)
		}
	}
}
