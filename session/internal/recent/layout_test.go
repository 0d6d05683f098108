package recent

import (
	"testing"
	"unsafe"
)

// A table is allocated in pages, so that its buckets begin where cache lines do if the first
// one begins where the table does.
func TestABucketIsOneCacheLine(t *testing.T) {
	const line = 64
	if size, at := unsafe.Sizeof(table{}.sums[0]), unsafe.Offsetof(table{}.sums); size != line || at%line != 0 {
		t.Errorf("a bucket has %d bytes, and the first begins at %d", size, at)
	}
}
