package encode

import (
	"errors"
	"fmt"
)

var (
	errShort    = errors.New("unexpected end of data")
	errTrailing = errors.New("data after the value")
	errBadKey   = errors.New("a map key that is neither text nor a number")
)

// nesting follows a scan through the containers of encoded data without
// recursion: the lists and maps that have begun and not ended, outermost
// first.
type nesting []container

// container is a list or a map whose length has been read.
type container struct {
	left  uint64 // values that have not ended; a map's pairs are two each
	pairs bool
}

// begin enters a container of count values or pairs, of which data holds what
// is left to read. A count that data cannot hold is refused here, before
// anyone allocates by it: every value takes a byte at least.
func (n *nesting) begin(count uint64, pairs bool, data []byte) error {
	if len(*n) == MaxDepth {
		return fmt.Errorf("nested deeper than %d levels", MaxDepth)
	}
	if count > MaxElements {
		return fmt.Errorf("a list or map of more than %d values", MaxElements)
	}
	if pairs {
		count *= 2
	}
	if count > uint64(len(data)) {
		return errShort
	}
	if count == 0 {
		n.end()
		return nil
	}
	*n = append(*n, container{count, pairs})
	return nil
}

// end says that one value has ended, and with it all containers whose last
// value it was.
func (n *nesting) end() {
	for len(*n) > 0 {
		last := &(*n)[len(*n)-1]
		if last.left--; last.left > 0 {
			return
		}
		*n = (*n)[:len(*n)-1]
	}
}

// atKey reports whether the next value is a map's key.
func (n nesting) atKey() bool {
	return len(n) > 0 && n[len(n)-1].pairs && n[len(n)-1].left%2 == 0
}
