package recent

import (
	"hash/maphash"
	"strconv"
	"testing"
	"unsafe"
)

// A bucket is one cache line, also in memory.
func TestABucketIsOneCacheLine(t *testing.T) {
	const line = 64
	for buckets := fewestBuckets; buckets <= mostBuckets; buckets *= 2 {
		first := &newTable(maphash.MakeSeed(), buckets).buckets[0]
		if size, at := unsafe.Sizeof(*first), uintptr(unsafe.Pointer(first))%line; size != line || at != 0 {
			t.Errorf("of %d buckets each has %d bytes, and the first begins at byte %d of a line", buckets, size, at)
		}
	}
}

// A program with many factories, each with few sessions of another timeout, needs little memory
// for them. The table grows with the keys, up to its bound.
func TestTheTableGrows(t *testing.T) {
	var k Keys
	if k.table.Load() != nil {
		t.Error("there is a table before the first key")
	}
	for _, want := range []struct{ keys, atMost int }{{1, 1 << 10}, {10, 4 << 10}, {1000, 256 << 10}, {4 * Most, 600 << 10}} {
		for i := range want.keys {
			k.Add(strconv.Itoa(i))
		}
		if got := len(k.table.Load().buckets) * int(unsafe.Sizeof(bucket{})+1); got > want.atMost {
			t.Errorf("%d keys take %d bytes", want.keys, got)
		}
	}
	if n := len(k.table.Load().buckets); n != mostBuckets {
		t.Errorf("with many keys there are %d buckets", n)
	}
}
