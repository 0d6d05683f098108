package session

import (
	"maps"
	"slices"
)

// slots holds what a request knows and did about keys, in the order in which it
// came to them.
type slots struct {
	list   []slot
	places map[string]int32 // of keys in list; nil for a few keys
}

// fewSlots is up to how many a look at each is about as fast as a map.
const fewSlots = 8

// find returns the slot of a key, or nil. It stays where it is until the next
// put.
func (t *slots) find(key string) *slot {
	i := t.place(key)
	if i < 0 || t.list[i].intent == unknown {
		return nil
	}
	return &t.list[i]
}

// place returns where a key is in the list, or -1.
func (t *slots) place(key string) int {
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

// put makes sl the slot of its key, and returns where it is.
func (t *slots) put(sl slot) *slot {
	if i := t.place(sl.key); i >= 0 {
		t.list[i] = sl
		return &t.list[i]
	}
	t.list = append(t.list, sl)
	if t.places != nil {
		t.places[sl.key] = int32(len(t.list) - 1)
	} else if len(t.list) > fewSlots {
		t.index(2 * len(t.list))
	}
	return &t.list[len(t.list)-1]
}

// expect makes room for n more.
func (t *slots) expect(n int) {
	n += len(t.list)
	if n <= cap(t.list) {
		return
	}
	t.list = append(make([]slot, 0, n), t.list...)
	if n > fewSlots && t.places == nil {
		t.index(n)
	}
}

// index makes the map of places, with room for n keys.
func (t *slots) index(n int) {
	t.places = make(map[string]int32, n)
	for i := range t.list {
		t.places[t.list[i].key] = int32(i)
	}
}

// clone returns slots that do not change with t.
func (t *slots) clone() slots { return slots{slices.Clone(t.list), maps.Clone(t.places)} }
