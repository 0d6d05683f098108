package overlay

import (
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Changes returns what a save must change in the base, at the given keys, or at all of
// them when none are given. An entry that changes nothing is from then on one that was
// read: setting a key to an equal value is no change, also when the save meets a
// conflict later. With deep, values that were only read are compared too.
func (o *Overlay) Changes(deep bool, keys ...string) ([]record.Change, error) {
	if len(o.entries.list) == 0 {
		return nil, nil
	}
	base := o.Base()
	var changes []record.Change
	var encoded []byte // the changed values, one after the other
	for i := range o.entries.list {
		e := &o.entries.list[i]
		e.saving = false
		if e.state == dropped || len(keys) > 0 && !slices.Contains(keys, e.key) {
			continue
		}
		if e.state == read {
			if !deep || !o.changedInPlace(e) {
				continue
			}
			e.state = override
		}
		changed, start := false, len(encoded)
		if e.present {
			var err error
			if encoded, changed, err = base.Diff(encoded, e.key, e.value); err != nil {
				return nil, record.EncodeError(e.key, err)
			}
		} else {
			changed = base.Has(e.key)
		}
		if !changed {
			e.state = read
			e.compareWith(base)
			continue
		}
		e.saving = true
		if changes == nil {
			changes = make([]record.Change, 0, len(o.entries.list)-i)
		}
		changes = append(changes, record.Change{
			Key: e.key, Value: e.value, Present: e.present,
			Encoded: encoded[start:len(encoded):len(encoded)],
		})
	}
	return changes, nil
}

// Rebase puts the entries on top of other stored data.
func (o *Overlay) Rebase(base record.Data) {
	o.base = base
	for i := range o.entries.list {
		e := &o.entries.list[i]
		switch {
		case e.state == dropped, e.state == override:
		case e.state == read && (!e.present || record.Immutable(e.value)):
			e.state = dropped
		case e.state == read:
			e.stale = true
		case o.changedInPlace(e):
			e.makeOverride()
		default:
			o.runEdits(e)
		}
	}
}

// runEdits makes an edited entry's value from what is stored now.
func (o *Overlay) runEdits(e *entry) {
	e.value, e.present = o.stored(e.key)
	for _, edit := range e.edits() {
		e.value, e.present = edit(e.value, e.present)
	}
	e.more.original = o.copyForComparison(e.value)
}

// StartAgain puts the entries on top of no data. What was read from the stored data is
// dropped, also where it was changed in place.
func (o *Overlay) StartAgain() {
	o.base, o.cleared = o.layout.Empty(), false
	for i := range o.entries.list {
		e := &o.entries.list[i]
		e.stale, e.saving = false, false
		switch {
		case e.state == dropped:
		case e.fromRequest:
			e.makeOverride()
		case e.state == edited:
			o.runEdits(e)
		default:
			e.state = dropped
		}
	}
}

// Saved makes the data that a save has written, by the last Changes, the base. The
// entries stay, because the caller may go on changing the values that it got.
func (o *Overlay) Saved(base record.Data) {
	o.base, o.cleared = base, false
	for i := range o.entries.list {
		if e := &o.entries.list[i]; e.saving {
			e.state, e.stale, e.saving = read, false, false
			e.compareWith(base)
		}
	}
}
