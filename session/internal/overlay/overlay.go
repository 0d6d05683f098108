package overlay

import (
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Overlay is a request's view of a session's data: the base, which is the stored data,
// and the request's entries on top of it. It is not safe for concurrent use.
type Overlay struct {
	layout  record.Layout
	base    record.Data
	entries entries
	cleared bool // the base is to be emptied first
	used    bool // a key was looked for

	damages Damages
}

// Damages gets the stored values that cannot be decoded. They count as absent.
type Damages interface{ Damaged(key string, err error) }

// New returns an overlay on no data.
func New(l record.Layout, d Damages) Overlay {
	return Overlay{layout: l, base: l.Empty(), damages: d}
}

// Load makes the data that a load has found the base of an overlay without entries.
func (o *Overlay) Load(base record.Data) { o.base = base }

// Clone returns an overlay that does not change with o. Values are shared.
func (o *Overlay) Clone() Overlay {
	c := *o
	c.entries = o.entries.clone()
	return c
}

// Base returns the stored data as far as it still counts: after a Clear it is empty.
func (o *Overlay) Base() record.Data {
	if o.cleared {
		return o.layout.Empty()
	}
	return o.base
}

// Cleared reports whether Clear was called and is not saved yet.
func (o *Overlay) Cleared() bool { return o.cleared }

// ClearsData reports whether a Clear that is not saved yet removes stored data.
func (o *Overlay) ClearsData() bool {
	return o.cleared && (len(o.base.Keys()) > 0 || o.base.Hidden())
}

// IsEmpty reports whether there are no keys, and no data under keys that are not text.
func (o *Overlay) IsEmpty() bool { return len(o.Keys()) == 0 && !o.Base().Hidden() }

// Get returns the value at key.
func (o *Overlay) Get(key string) (any, bool) {
	if e := o.find(key); e != nil {
		return e.value, e.present
	}
	v, ok := o.stored(key)
	if ok && !record.Immutable(v) {
		o.entries.put(entry{key: key, value: v, state: read, present: true, more: &more{original: o.base}})
	}
	return v, ok
}

// stored decodes a key's value in the base.
func (o *Overlay) stored(key string) (any, bool) {
	if o.cleared {
		return nil, false
	}
	v, ok, err := o.base.Get(key)
	if err != nil {
		o.damages.Damaged(key, err)
		return nil, false
	}
	return v, ok
}

// Used reports whether the application has looked at a key or changed one.
func (o *Overlay) Used() bool { return o.used || o.cleared || len(o.entries.list) > 0 }

// Has reports whether the key is present.
func (o *Overlay) Has(key string) bool {
	if e := o.find(key); e != nil {
		return e.present
	}
	return !o.cleared && o.base.Has(key)
}

// Keys returns the keys that are present, sorted.
func (o *Overlay) Keys() []string {
	o.used = true
	var keys []string
	for _, k := range o.Base().Keys() {
		if o.find(k) == nil {
			keys = append(keys, k)
		}
	}
	for i := range o.entries.list {
		k := o.entries.list[i].key
		if e := o.find(k); e != nil && e.present {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// Set sets the value at key, whatever is stored.
func (o *Overlay) Set(key string, v any) {
	o.entries.put(entry{key: key, value: v, state: override, present: true, fromRequest: true})
}

// Grow allocates memory for n more entries.
func (o *Overlay) Grow(n int) { o.entries.grow(n) }

// Delete deletes a key, whatever is stored.
func (o *Overlay) Delete(key string) {
	o.entries.put(entry{key: key, state: override, fromRequest: true})
}

// Undo removes what the request did to a key.
func (o *Overlay) Undo(key string) {
	if e := o.entries.find(key); e != nil {
		e.state = dropped
	}
}

// Clear deletes every key.
func (o *Overlay) Clear() { o.entries, o.cleared = entries{}, true }

// Overrides reports whether the value at key is saved whatever is stored.
func (o *Overlay) Overrides(key string) bool {
	e := o.entries.find(key)
	return e != nil && e.state == override
}

// SetByRequest reports whether the request has set or deleted a key, and has not saved
// that yet.
func (o *Overlay) SetByRequest(key string) bool {
	e := o.entries.find(key)
	return e != nil && e.state == override && e.fromRequest
}

// Edit applies an edit now, and keeps it for a later conflict unless its result no
// longer depends on what is stored.
func (o *Overlay) Edit(key string, edit Edit) {
	old, ok := o.Get(key)
	e := o.entries.find(key)
	if e == nil {
		e = o.entries.put(entry{key: key, state: read})
	}
	if o.cleared || o.changedInPlace(e) {
		e.makeOverride()
	}
	e.fromRequest = e.fromRequest || o.cleared
	e.value, e.present = edit(old, ok)
	if e.state != override {
		e.addEdit(edit, o.copyForComparison(e.value))
	}
}

// Pop deletes a key and returns its value. When another request has set another value
// meanwhile, that stays.
func (o *Overlay) Pop(key string) (any, bool) {
	popped, ok := o.Get(key)
	if !ok {
		return nil, false
	}
	if o.Overrides(key) {
		o.Delete(key)
		return popped, true
	}
	taken := o.copyOf(popped) // the caller may change the value that is returned
	o.Edit(key, func(old any, ok bool) (any, bool) {
		if ok && o.Equal(old, taken) {
			return nil, false
		}
		return old, ok
	})
	return popped, true
}
