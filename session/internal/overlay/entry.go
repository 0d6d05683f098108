package overlay

import (
	"maps"
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// entry is what a request has read or changed of one key.
type entry struct {
	key   string
	value any
	// original is what the value is compared with, to find a change made in place. It
	// is nil for a value that cannot change in place, and for one that is saved anyway.
	original original
	edits    []Edit // when state is edited
	state    state
	present  bool // false: the key is absent
	saving   bool // the entry is among the changes of the save under way
	// fromRequest: the request set the value, or deleted the key, and nothing of the
	// stored data is in it.
	fromRequest bool
	// stale: the base was replaced since the value was read. The caller may still
	// change the value that it got.
	stale bool
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

// compareWith makes the entry's value one that came from the original.
func (e *entry) compareWith(from original) {
	e.original, e.edits = nil, nil
	if !record.Immutable(e.value) {
		e.original = from
	}
}

// makeOverride saves the entry's value whatever is stored.
func (e *entry) makeOverride() { e.state, e.original, e.edits = override, nil, nil }

// entries are those of one overlay, in the order in which the request came to the keys.
type entries struct {
	list   []entry
	places map[string]int32 // of keys in list; nil for a few keys
}

// fewEntries is the number up to which comparing each key is about as fast as a map.
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
		if i, ok := t.places[key]; ok {
			return int(i)
		}
		return -1
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
	if i := t.place(e.key); i >= 0 {
		t.list[i] = e
		return &t.list[i]
	}
	t.list = append(t.list, e)
	if t.places != nil {
		t.places[e.key] = int32(len(t.list) - 1)
	} else if len(t.list) > fewEntries {
		t.index(2 * len(t.list))
	}
	return &t.list[len(t.list)-1]
}

// grow allocates memory for n more entries.
func (t *entries) grow(n int) {
	n += len(t.list)
	if n <= cap(t.list) {
		return
	}
	t.list = append(make([]entry, 0, n), t.list...)
	if n > fewEntries && t.places == nil {
		t.index(n)
	}
}

// index makes the map of places, for n keys.
func (t *entries) index(n int) {
	t.places = make(map[string]int32, n)
	for i := range t.list {
		t.places[t.list[i].key] = int32(i)
	}
}

// clone returns entries that do not change with t.
func (t *entries) clone() entries { return entries{slices.Clone(t.list), maps.Clone(t.places)} }
