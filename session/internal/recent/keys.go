// Package recent holds keys that this process has met lately, in a bounded piece of
// memory. It knows no record and no store.
package recent

import (
	"hash/maphash"
	"sync/atomic"
)

const (
	// A bucket is one cache line of the processor, so that a look costs one access to memory.
	bucketLen = 8
	buckets   = 8 << 10
	// Most is how many keys there is room for: half a mebibyte.
	Most = bucketLen * buckets
)

// Keys is a set of keys that may lose some: a key that is added takes the place of another
// when the room for it is full. It holds a hash of each key and not the key, which may be
// a secret. The zero value is an empty set, without memory until a key is added, ready to
// use by several goroutines.
type Keys struct {
	table   atomic.Pointer[table]
	stopped atomic.Bool
}

// sums is the first field, so that its buckets begin where cache lines do.
type table struct {
	sums [buckets][bucketLen]atomic.Uint64 // 0 is a free place
	seed maphash.Seed
	next [buckets]atomic.Uint32 // which place of a full bucket is given away: the oldest
}

// Has reports whether a key was added, and neither removed nor lost since.
func (k *Keys) Has(key string) bool {
	t := k.table.Load()
	return t != nil && t.find(t.sum(key)) != nil && !k.stopped.Load()
}

// Stop makes the set an empty one to which no key can be added.
func (k *Keys) Stop() { k.stopped.Store(true) }

// Add adds a key.
func (k *Keys) Add(key string) {
	if k.stopped.Load() {
		return
	}
	t := k.table.Load()
	if t == nil {
		k.table.CompareAndSwap(nil, &table{seed: maphash.MakeSeed()})
		t = k.table.Load()
	}
	sum := t.sum(key)
	if t.find(sum) != nil {
		return
	}
	b := t.bucket(sum)
	for i := range b {
		if b[i].CompareAndSwap(0, sum) {
			return
		}
	}
	b[(t.next[sum%buckets].Add(1)-1)%bucketLen].Store(sum)
}

// Remove takes a key out.
func (k *Keys) Remove(key string) {
	t := k.table.Load()
	if t == nil {
		return
	}
	sum := t.sum(key)
	for place := t.find(sum); place != nil; place = t.find(sum) { // two may have added it at once
		place.CompareAndSwap(sum, 0)
	}
}

func (t *table) sum(key string) uint64 { return max(maphash.String(t.seed, key), 1) }

func (t *table) bucket(sum uint64) *[bucketLen]atomic.Uint64 { return &t.sums[sum%buckets] }

// find returns the place of a sum, or nil.
func (t *table) find(sum uint64) *atomic.Uint64 {
	b := t.bucket(sum)
	for i := range b {
		if b[i].Load() == sum {
			return &b[i]
		}
	}
	return nil
}
