package record

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// frame is the lazy layout of a session's data: entries one after another,
// each a key and an encoded value behind their lengths (uvarint). Finding one
// key decodes nothing, and a save copies the entries that did not change.
type frame []byte

// checkFrame walks the whole of a body once, so that what is found in it later
// needs no further check.
func checkFrame(body []byte) (frame, error) {
	f := frame(body)
	for at := 0; at < len(f); {
		e := f.entry(at)
		if e.end < 0 || e.value == e.end {
			return nil, fmt.Errorf("%w: an entry is cut short", ErrUndecodable)
		}
		at = e.end
	}
	return f, nil
}

// entry is where an entry of a frame stands.
type entry struct{ key, keyEnd, value, end int }

// entry returns where the entry that begins at an offset stands. Its end is -1
// when the frame ends before it.
//
// It looks at offsets and calls nothing in the usual case, because a walk over a
// hundred keys is most of what a load costs beside its round trip
// (BenchmarkRecord).
func (f frame) entry(at int) (e entry) {
	e.key, e.end = at+1, -1
	if n := int(f[at]); n < 0x80 { // most lengths take one byte
		e.keyEnd = e.key + n
	} else {
		e.key, e.keyEnd = f.longSpan(at)
	}
	if e.keyEnd < 0 || e.keyEnd >= len(f) {
		return e
	}
	e.value = e.keyEnd + 1
	end := 0
	if n := int(f[e.keyEnd]); n < 0x80 {
		end = e.value + n
	} else {
		e.value, end = f.longSpan(e.keyEnd)
	}
	if end <= len(f) {
		e.end = end
	}
	return e
}

// longSpan returns where the bytes stand whose length is at an offset, with an
// end of -1 when they go beyond the frame.
func (f frame) longSpan(at int) (start, end int) {
	n, size := binary.Uvarint(f[at:])
	if size <= 0 || n > uint64(len(f)-at-size) {
		return at, -1
	}
	return at + size, at + size + int(n)
}

// find returns the value at a key, and where the walk to it ended.
func (f frame) find(key string) (value []byte, end int, ok bool) {
	for end < len(f) {
		e := f.entry(end)
		if string(f[e.key:e.keyEnd]) == key {
			return f[e.value:e.end], e.end, true
		}
		end = e.end
	}
	return nil, end, false
}

// index returns where each key's value stands. Of entries with one key the first
// counts, as in find.
func (f frame) index() map[string]span {
	n := 0
	for at := 0; at < len(f); n++ {
		at = f.entry(at).end
	}
	index := make(map[string]span, n)
	all := string(f) // the keys share it
	for at := 0; at < len(f); {
		e := f.entry(at)
		if key := all[e.key:e.keyEnd]; !hasKey(index, key) {
			index[key] = span{e.value, e.end}
		}
		at = e.end
	}
	return index
}

// span is where a value of a frame stands.
type span struct{ start, end int }

func hasKey(index map[string]span, key string) bool {
	_, ok := index[key]
	return ok
}

func (f frame) Keys() []string {
	var keys []string
	for at := 0; at < len(f); {
		e := f.entry(at)
		keys, at = append(keys, string(f[e.key:e.keyEnd])), e.end
	}
	return keys
}

func appendEntry(dst []byte, key string, value []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(key)))
	dst = append(dst, key...)
	dst = binary.AppendUvarint(dst, uint64(len(value)))
	return append(dst, value...)
}

// appendChange appends the entry that a change makes of its key.
func appendChange(dst []byte, c *Change) ([]byte, error) {
	if len(c.Encoded) > 0 {
		return appendEntry(dst, c.Key, c.Encoded), nil
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.Key)))
	dst = append(dst, c.Key...)
	// Most values are shorter than 128 bytes: the value goes where it belongs
	// then, and what goes before a longer one is put there later.
	start := len(dst)
	dst, err := appendValue(append(dst, 0), c.Value)
	if err != nil {
		return dst, EncodeError(c.Key, err)
	}
	n := len(dst) - start - 1
	if n < 0x80 {
		dst[start] = byte(n)
		return dst, nil
	}
	var length [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(length[:], uint64(n))
	return slices.Replace(dst, start, start+1, length[:size]...), nil
}

// entrySize is about how long the entry of a change is; exactly so for text, bytes and what is
// encoded already.
func entrySize(c *Change) int {
	n := binary.MaxVarintLen64
	switch v := c.Value.(type) {
	case string:
		n = 1 + len(v)
	case []byte:
		n = 1 + len(v)
	}
	if len(c.Encoded) > 0 {
		n = len(c.Encoded)
	}
	return lengthSize(len(c.Key)) + len(c.Key) + lengthSize(n) + n
}

// lengthSize is how many bytes a length takes, as uvarint.
func lengthSize(n int) int { return (max(bits.Len(uint(n)), 1) + 6) / 7 }

// patch appends f to dst with the changes made to it. What lies between two
// changed entries is copied in one piece.
func (f frame) patch(dst []byte, changes []Change) (_ []byte, err error) {
	var few [manyChanges]bool
	done := few[:]
	if len(changes) > len(done) {
		done = make([]bool, len(changes))
	}
	index := indexOf(f, changes)
	kept := 0 // from here on nothing has been copied
	for at := 0; at < len(f); {
		e := f.entry(at)
		if i := index.find(f[e.key:e.keyEnd]); i >= 0 {
			dst = append(dst, f[kept:at]...)
			if !done[i] && changes[i].Present {
				if dst, err = appendChange(dst, &changes[i]); err != nil {
					return nil, err
				}
			}
			done[i], kept = true, e.end
		}
		at = e.end
	}
	dst = append(dst, f[kept:]...)
	for i := range changes {
		if changes[i].Present && !done[i] {
			if dst, err = appendChange(dst, &changes[i]); err != nil {
				return nil, err
			}
		}
	}
	return dst, nil
}

// manyChanges is from where on a map finds a key faster than a look at each.
const manyChanges = 8

// changeIndex finds changes by their keys.
type changeIndex struct {
	changes []Change
	byKey   map[string]int // nil for a few changes
}

func indexOf(f frame, changes []Change) changeIndex {
	x := changeIndex{changes: changes}
	if len(changes) > manyChanges && len(f) > 0 {
		x.byKey = make(map[string]int, len(changes))
		for i, c := range changes {
			x.byKey[c.Key] = i
		}
	}
	return x
}

// find returns the place of the change to a key, or -1.
func (x changeIndex) find(key []byte) int {
	if x.byKey != nil {
		if i, ok := x.byKey[string(key)]; ok {
			return i
		}
		return -1
	}
	for i := range x.changes {
		if x.changes[i].Key == string(key) {
			return i
		}
	}
	return -1
}
