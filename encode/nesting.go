package encode

import (
	"errors"
	"fmt"
)

var (
	errShort    = errors.New("unexpected end of data")
	errTrailing = errors.New("data after the value")
	errTooMany  = fmt.Errorf("more than %d values", MaxElements)
	errBadKey   = errors.New("a map key that is neither text nor a number")
)

// nesting follows a scan through the containers of encoded data without
// recursion.
type nesting struct {
	open []container // that have begun and not ended, outermost first
	cost int         // of all values so far, as MaxElements counts them
}

// container is a list or a map whose length has been read.
type container struct {
	left  uint64 // values that have not ended; a map's pairs are two each
	pairs bool
}

// begin enters a container of count values or pairs, of which data holds what
// is left to read. A count that data cannot hold is refused here, before memory
// is allocated for it: every value takes a byte at least.
func (n *nesting) begin(count uint64, pairs bool, data []byte) error {
	if len(n.open) == MaxDepth {
		return fmt.Errorf("nested deeper than %d levels", MaxDepth)
	}
	own := listCost
	if pairs {
		own = mapCost
	}
	if count > MaxElements {
		return errTooMany
	}
	if pairs {
		count *= 2
	}
	if count > uint64(len(data)) {
		return errShort
	}
	if n.cost += own + int(count); n.cost > MaxElements-1 { // the outermost value is 1
		return errTooMany
	}
	if count == 0 {
		n.end()
		return nil
	}
	n.open = append(n.open, container{count, pairs})
	return nil
}

// end says that one value has ended, and with it all containers whose last
// value it was.
func (n *nesting) end() {
	for len(n.open) > 0 {
		last := &n.open[len(n.open)-1]
		if last.left--; last.left > 0 {
			return
		}
		n.open = n.open[:len(n.open)-1]
	}
}

// over reports whether the outermost value has ended.
func (n *nesting) over() bool { return len(n.open) == 0 }

// atKey reports whether the next value is a map's key.
func (n *nesting) atKey() bool {
	return !n.over() && n.open[len(n.open)-1].pairs && n.open[len(n.open)-1].left%2 == 0
}
