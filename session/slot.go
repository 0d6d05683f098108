package session

import (
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// slot is what a request knows and did about one key.
type slot struct {
	key     string
	value   any
	held    *held // nil for a value that came from nowhere and cannot change in place
	intent  intent
	present bool // false: the key is absent
	saving  bool // it is among the changes of the save that is under way
	// fromRequest is for a value that this request set, or a key that it deleted:
	// nothing of the stored state is in it.
	fromRequest bool
	// stale is for a seen value when the stored state has been replaced since.
	// The caller may still change what it has in hand.
	stale bool
}

// held is where a value in the caller's hands came from.
type held struct {
	edits []edit // when intent is amended
	// from holds the value as it was when it came into the caller's hands. It
	// is nil when the value cannot have changed in place.
	from pristine
}

// hold notes that a value came into the caller's hands as from holds it.
func (sl *slot) hold(from pristine) {
	sl.held = nil
	if !record.Immutable(sl.value) {
		sl.held = &held{from: from}
	}
}

// intent says what a slot means for the stored record.
type intent uint8

const (
	// unknown: as if there were no slot.
	unknown intent = iota
	// seen: the request has the value in hand. It counts as replaced when it
	// turns out to have changed in place.
	seen
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
	layout  record.Layout
	base    record.Data
	slots   slots
	cleared bool // the base is to be emptied first

	owner owner
}

// owner hears of values that cannot be decoded.
type owner interface {
	damagedValue(key string, err error)
}

// start makes w the view of no data at all.
func (w *working) start(l record.Layout, o owner) { w.layout, w.base, w.owner = l, l.Empty(), o }

// below is the stored state as far as it still counts.
func (w *working) below() record.Data {
	if w.cleared {
		return w.layout.Empty()
	}
	return w.base
}

func (w *working) lookup(key string) (any, bool) {
	if sl := w.slot(key); sl != nil {
		return sl.value, sl.present
	}
	v, ok := w.stored(key)
	if ok && !record.Immutable(v) {
		w.slots.put(slot{key: key, value: v, intent: seen, present: true, held: &held{from: w.base}})
	}
	return v, ok
}

// stored decodes a key's value in the stored state. A damaged value counts as
// absent.
func (w *working) stored(key string) (any, bool) {
	if w.cleared {
		return nil, false
	}
	v, ok, err := w.base.Get(key)
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
	return !w.cleared && w.base.Has(key)
}

func (w *working) set(key string, v any) {
	w.slots.put(slot{key: key, value: v, intent: replaced, present: true, fromRequest: true})
}

func (w *working) remove(key string) {
	w.slots.put(slot{key: key, intent: replaced, fromRequest: true})
}

// forget takes back what the request did about a key.
func (w *working) forget(key string) {
	if sl := w.slots.find(key); sl != nil {
		sl.intent = unknown
	}
}

func (w *working) clear() { w.slots, w.cleared = slots{}, true }

// amend applies an edit now, and keeps it for a later conflict unless the
// outcome no longer depends on the record.
func (w *working) amend(key string, e edit) {
	old, ok := w.lookup(key)
	sl := w.slots.find(key)
	if sl == nil {
		sl = w.slots.put(slot{key: key, intent: seen})
	}
	if w.cleared || w.changedInPlace(sl) {
		sl.intent, sl.held = replaced, nil
	}
	sl.fromRequest = sl.fromRequest || w.cleared
	sl.value, sl.present = e(old, ok)
	if sl.intent != replaced {
		if sl.held == nil {
			sl.held = &held{}
		}
		sl.intent, sl.held.edits, sl.held.from = amended, append(sl.held.edits, e), w.keep(sl.value)
	}
}

// keys returns the keys that are present, sorted.
func (w *working) keys() []string {
	var keys []string
	for _, k := range w.below().Keys() {
		if w.slot(k) == nil {
			keys = append(keys, k)
		}
	}
	for i := range w.slots.list {
		k := w.slots.list[i].key
		if sl := w.slot(k); sl != nil && sl.present {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// changes returns what a save must change in the stored state.
// Slots that turn out to change nothing are demoted to seen: setting a key to
// an equal value is no change, also when the save meets a conflict later.
// With deep set, values that were only looked at are compared too.
func (w *working) changes(deep bool, only func(key string) bool) ([]record.Change, error) {
	if len(w.slots.list) == 0 {
		return nil, nil
	}
	below := w.below()
	var changes []record.Change
	var encoded []byte // the changed values, one after the other
	for i := range w.slots.list {
		sl := &w.slots.list[i]
		sl.saving = false
		if sl.intent == unknown || only != nil && !only(sl.key) {
			continue
		}
		if sl.intent == seen {
			if !deep || !w.changedInPlace(sl) {
				continue
			}
			sl.intent = replaced
		}
		changed, start := false, len(encoded)
		if sl.present {
			var err error
			if encoded, changed, err = below.Diff(encoded, sl.key, sl.value); err != nil {
				return nil, record.EncodeError(sl.key, err)
			}
		} else {
			changed = below.Has(sl.key)
		}
		if !changed {
			sl.intent = seen
			sl.hold(below)
			continue
		}
		sl.saving = true
		if changes == nil {
			changes = make([]record.Change, 0, len(w.slots.list)-i)
		}
		changes = append(changes, record.Change{Key: sl.key, Value: sl.value, Present: sl.present, Encoded: encoded[start:len(encoded):len(encoded)]})
	}
	return changes, nil
}

// rebase puts what the request did on top of another stored state.
func (w *working) rebase(base record.Data) {
	w.base = base
	for i := range w.slots.list {
		sl := &w.slots.list[i]
		switch {
		case sl.intent == unknown, sl.intent == replaced:
		case sl.intent == seen && (!sl.present || record.Immutable(sl.value)):
			sl.intent = unknown
		case sl.intent == seen:
			sl.stale = true
		case w.changedInPlace(sl):
			sl.intent, sl.held = replaced, nil
		default:
			w.editAgain(sl)
		}
	}
}

// editAgain makes an amended slot's value from what is stored now.
func (w *working) editAgain(sl *slot) {
	sl.value, sl.present = w.stored(sl.key)
	for _, e := range sl.held.edits {
		sl.value, sl.present = e(sl.value, sl.present)
	}
	sl.held.from = w.keep(sl.value)
}

// startAfresh puts what the request did on top of no data at all. What was read
// from the stored state does not stay, also where it was changed in place.
func (w *working) startAfresh() {
	w.base, w.cleared = w.layout.Empty(), false
	for i := range w.slots.list {
		sl := &w.slots.list[i]
		sl.stale, sl.saving = false, false
		switch {
		case sl.intent == unknown:
		case sl.fromRequest:
			sl.intent, sl.held = replaced, nil
		case sl.intent == amended:
			w.editAgain(sl)
		default:
			sl.intent = unknown
		}
	}
}

// saved makes a stored state the base after the changes were written to it.
// Values in hand stay in hand, for changes that are still to come.
func (w *working) saved(base record.Data) {
	w.base, w.cleared = base, false
	for i := range w.slots.list {
		if sl := &w.slots.list[i]; sl.saving {
			sl.intent, sl.stale, sl.saving = seen, false, false
			sl.hold(base)
		}
	}
}
