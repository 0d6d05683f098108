// Package recent holds keys that this process has met lately, in a bounded piece of
// memory. It knows no record and no store.
package recent

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

const (
	// A bucket is one cache line of the processor, so that a look costs one access to memory.
	bucketLen = 8
	// A table has a power of two of buckets: at first half a kibibyte.
	fewestBuckets = 8
	mostBuckets   = 8 << 10
	// Most is how many keys there is room for: half a mebibyte.
	Most = bucketLen * mostBuckets
)

// Keys is a set of keys that may lose some: a key that is added takes the place of another
// when the room for it is full. It holds a hash of each key and not the key, which may be
// a secret. The zero value is an empty set, without memory until a key is added, ready to
// use by several goroutines. Only those that add or remove a key wait for each other.
type Keys struct {
	table   atomic.Pointer[table]
	writing sync.Mutex
	stopped bool
}

// table is a hash table, which is replaced by one of twice the size when a bucket is full.
type table struct {
	seed    maphash.Seed
	buckets []bucket
	oldest  []uint8 // which place of a full bucket is given away
}

// bucket holds sums. 0 is a free place.
type bucket [bucketLen]atomic.Uint64

func newTable(seed maphash.Seed, buckets int) *table {
	return &table{seed, make([]bucket, buckets), make([]uint8, buckets)}
}

// Has reports whether a key was added, and neither removed nor lost since.
func (k *Keys) Has(key string) bool {
	t := k.table.Load()
	return t != nil && t.find(t.sum(key)) != nil
}

// Stop makes the set an empty one to which no key can be added.
func (k *Keys) Stop() {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.stopped = true
	k.table.Store(nil)
}

// Add adds a key.
func (k *Keys) Add(key string) {
	if k.Has(key) {
		return
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if k.stopped {
		return
	}
	t := k.table.Load()
	if t == nil {
		t = newTable(maphash.MakeSeed(), fewestBuckets)
		k.table.Store(t)
	}
	sum := t.sum(key)
	if t.find(sum) != nil { // another has added it meanwhile
		return
	}
	for !t.put(sum) {
		if len(t.buckets) == mostBuckets {
			t.replaceOldest(sum)
			return
		}
		t = t.doubled()
		k.table.Store(t)
	}
}

// Remove takes a key out.
func (k *Keys) Remove(key string) {
	if !k.Has(key) {
		return
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if t := k.table.Load(); t != nil {
		if place := t.find(t.sum(key)); place != nil {
			place.Store(0)
		}
	}
}

func (t *table) sum(key string) uint64 { return max(maphash.String(t.seed, key), 1) }

// index returns the number of the bucket of a sum.
func (t *table) index(sum uint64) int { return int(sum & uint64(len(t.buckets)-1)) }

// find returns the place of a sum, or nil.
func (t *table) find(sum uint64) *atomic.Uint64 { return t.buckets[t.index(sum)].find(sum) }

// put puts a sum into a free place, if its bucket has one.
func (t *table) put(sum uint64) bool {
	free := t.buckets[t.index(sum)].find(0)
	if free == nil {
		return false
	}
	free.Store(sum)
	return true
}

// replaceOldest puts a sum into its full bucket.
func (t *table) replaceOldest(sum uint64) {
	i := t.index(sum)
	t.buckets[i][t.oldest[i]].Store(sum)
	t.oldest[i] = (t.oldest[i] + 1) % bucketLen
}

// doubled returns a table of twice the size with the same sums. Each bucket's are in two of
// its buckets, so that there is room for all.
func (t *table) doubled() *table {
	twice := newTable(t.seed, 2*len(t.buckets))
	for i := range t.buckets {
		for place := range t.buckets[i] {
			if sum := t.buckets[i][place].Load(); sum != 0 {
				twice.put(sum)
			}
		}
	}
	return twice
}

func (b *bucket) find(sum uint64) *atomic.Uint64 {
	for i := range b {
		if b[i].Load() == sum {
			return &b[i]
		}
	}
	return nil
}
