package overlay

import (
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// entry is what a request has read or changed of one key. A new session makes one for
// each key, so what only a few entries need is in memory of its own.
type entry struct {
	key     string
	value   any
	more    *more // nil when there is neither an original nor an edit
	state   state
	present bool // false: the key is absent
	saving  bool // the entry is among the changes of the save under way
	// fromRequest: the request set the value, or deleted the key, and nothing of the
	// stored data is in it.
	fromRequest bool
	// stale: the base was replaced since the value was read. The caller may still
	// change the value that it got.
	stale bool
}

// more is what an entry needs whose value came from what is stored.
type more struct {
	// original is what the value is compared with, to find a change made in place. It
	// is nil for a value that cannot change in place, and for one that is saved anyway.
	original original
	edits    []Edit // when the entry's state is edited
	first    [1]Edit
}

// state says what an entry means for the stored data.
type state uint8

const (
	// dropped: as if there were no entry.
	dropped state = iota
	// read: the value was returned to the caller. The entry becomes an override when
	// the value turns out to have changed in place.
	read
	// override: the value, or the deletion, is saved whatever is stored: the last
	// writer wins.
	override
	// edited: the value was made from the stored one. When another request has changed
	// that meanwhile, the edits run again.
	edited
)

// Edit makes a key's new value from its old one. The second value is whether there is
// one. An Edit may run several times.
type Edit func(old any, ok bool) (any, bool)

// original returns what the entry's value is compared with, or nil.
func (e *entry) original() original {
	if e.more == nil {
		return nil
	}
	return e.more.original
}

// edits returns the edits that have made the entry's value.
func (e *entry) edits() []Edit {
	if e.more == nil {
		return nil
	}
	return e.more.edits
}

// compareWith makes the entry's value one that came from the original.
func (e *entry) compareWith(from original) {
	e.more = nil
	if !record.Immutable(e.value) {
		e.more = &more{original: from}
	}
}

// addEdit notes that an edit has made the entry's value, which is compared with from.
func (e *entry) addEdit(edit Edit, from original) {
	e.state = edited
	if e.more == nil {
		e.more = &more{}
	}
	if e.more.edits == nil {
		e.more.edits = e.more.first[:0]
	}
	e.more.edits, e.more.original = append(e.more.edits, edit), from
}

// makeOverride saves the entry's value whatever is stored.
func (e *entry) makeOverride() { e.state, e.more = override, nil }

// entries are those of one overlay, in the order in which the request came to the keys.
type entries struct {
	list   []entry
	places places // nil for a few entries
}

// fewEntries is the number up to which comparing each key is about as fast as the table.
const fewEntries = 8

// find returns the entry of a key, or nil. The pointer is valid until the next put.
func (t *entries) find(key string) *entry {
	i := t.place(key)
	if i < 0 || t.list[i].state == dropped {
		return nil
	}
	return &t.list[i]
}

// place returns where a key is in the list, or -1.
func (t *entries) place(key string) int {
	if t.places != nil {
		return int(t.places[t.places.slot(t.list, key)]) - 1
	}
	for i := range t.list {
		if t.list[i].key == key {
			return i
		}
	}
	return -1
}

// put makes e the entry of its key, and returns where it is stored.
func (t *entries) put(e entry) *entry {
	if t.places == nil {
		if i := t.place(e.key); i >= 0 {
			t.list[i] = e
			return &t.list[i]
		}
	}
	if n := len(t.list); n == cap(t.list) {
		if n <= 16 {
			n = max(4, 3*n) // to double a short list leaves more to the collector
		}
		t.grow(n)
	}
	if t.places != nil {
		slot := t.places.slot(t.list, e.key)
		if i := t.places[slot]; i > 0 {
			t.list[i-1] = e
			return &t.list[i-1]
		}
		t.places[slot] = int32(len(t.list) + 1)
	}
	t.list = append(t.list, e)
	return &t.list[len(t.list)-1]
}

// grow allocates memory for n more entries.
func (t *entries) grow(n int) {
	n += len(t.list)
	if n <= cap(t.list) {
		return
	}
	t.list = append(make([]entry, 0, n), t.list...)
	if n > fewEntries {
		t.places = newPlaces(n, t.list)
	}
}

// clone returns entries that do not change with t.
func (t *entries) clone() entries {
	c := entries{slices.Clone(t.list), slices.Clone(t.places)}
	for i := range c.list {
		if m := c.list[i].more; m != nil {
			c.list[i].more = &more{original: m.original, edits: slices.Clone(m.edits)}
		}
	}
	return c
}

// places is a hash table of where the keys are in a list of entries: the place plus one, 0
// where there is none. A map would take eight times the memory, which a new session of a hundred
// keys leaves to the collector, because it holds each key once more.
type places []int32

var placeSeed = maphash.MakeSeed()

// newPlaces returns a table with room for n keys, of which half stay free.
func newPlaces(n int, list []entry) places {
	p := make(places, 1<<bits.Len(uint(2*n-1)))
	for i := range list {
		p[p.slot(list, list[i].key)] = int32(i + 1)
	}
	return p
}

// slot returns the slot of a key, which is free when the key is not in the list.
func (p places) slot(list []entry, key string) uint64 {
	last := uint64(len(p) - 1)
	i := maphash.String(placeSeed, key) & last
	for p[i] != 0 && list[p[i]-1].key != key {
		i = (i + 1) & last
	}
	return i
}
