package session

import "hash/maphash"

// slots holds what a request knows and did about keys, in the order in which it
// came to them. It is a small hash table of its own because a map and a slot for
// each key are most of what a new session costs (BenchmarkHandler/create).
type slots struct {
	list   []slot
	places []int32 // of keys in list, plus 1, by their hashes; nil for a few keys
}

const (
	// fewSlots is up to where a look at each is faster than a hash.
	fewSlots = 8
	// firstSlots is how many there is room for at first.
	firstSlots = 4
)

var slotSeed = maphash.MakeSeed()

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
	if t.places == nil {
		for i := range t.list {
			if t.list[i].key == key {
				return i
			}
		}
		return -1
	}
	i := t.places[t.search(key)]
	return int(i) - 1
}

// search returns the index in places at which a key is, or would be.
func (t *slots) search(key string) int {
	mask := len(t.places) - 1
	for h := int(maphash.String(slotSeed, key)) & mask; ; h = (h + 1) & mask {
		if i := t.places[h]; i == 0 || t.list[i-1].key == key {
			return h
		}
	}
}

// put makes sl the slot of its key, and returns where it is.
func (t *slots) put(sl slot) *slot {
	if len(t.list) == cap(t.list) {
		t.expect(max(len(t.list), firstSlots))
	}
	at := 0 // the key's place in places, where there are any
	var i int
	if t.places == nil {
		i = t.place(sl.key)
	} else {
		at = t.search(sl.key)
		i = int(t.places[at]) - 1
	}
	if i >= 0 {
		t.list[i] = sl
		return &t.list[i]
	}
	t.list = append(t.list, sl)
	if t.places != nil {
		t.places[at] = int32(len(t.list))
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
	if n <= fewSlots {
		return
	}
	size := 2 * fewSlots
	for size < 2*n {
		size *= 2
	}
	t.places = make([]int32, size)
	for i := range t.list {
		t.places[t.search(t.list[i].key)] = int32(i + 1)
	}
}
