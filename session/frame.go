package session

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// frame is the lazy layout of a session's data: entries one after another,
// each a key and an encoded value behind their lengths (uvarint). Finding one
// key decodes nothing, and a save copies the entries that did not change.
type frame []byte

// checkFrame walks the whole of a body once, so that what is found in it later
// needs no further check.
func checkFrame(body []byte) (frame, error) {
	for rest := body; len(rest) > 0; {
		var ok bool
		if _, rest, ok = cutBytes(rest); !ok {
			return nil, fmt.Errorf("%w: a key is cut short", ErrUndecodable)
		}
		var value []byte
		if value, rest, ok = cutBytes(rest); !ok || len(value) == 0 {
			return nil, fmt.Errorf("%w: a value is cut short", ErrUndecodable)
		}
	}
	return frame(body), nil
}

// cutBytes takes a length and that many bytes off the front of b.
func cutBytes(b []byte) (head, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	// Most lengths are below 128 and take one byte.
	n, size := uint64(b[0]), 1
	if n >= 0x80 {
		if n, size = binary.Uvarint(b); size <= 0 {
			return nil, nil, false
		}
	}
	b = b[size:]
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// next takes the first entry off a checked frame.
func (f frame) next() (key, value []byte, rest frame) {
	key, r, _ := cutBytes(f)
	value, r, _ = cutBytes(r)
	return key, value, r
}

func (f frame) find(key string) (value []byte, ok bool) {
	for len(f) > 0 {
		k, v, rest := f.next()
		if string(k) == key {
			return v, true
		}
		f = rest
	}
	return nil, false
}

func (f frame) keys() []string {
	var keys []string
	for len(f) > 0 {
		k, _, rest := f.next()
		keys, f = append(keys, string(k)), rest
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
func appendChange(dst []byte, c *change) ([]byte, error) {
	if len(c.encoded) > 0 {
		return appendEntry(dst, c.key, c.encoded), nil
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.key)))
	dst = append(dst, c.key...)
	// Most values are shorter than 128 bytes: the value goes where it belongs
	// then, and what goes before a longer one is put there later.
	start := len(dst)
	dst, err := appendValue(append(dst, 0), c.value)
	if err != nil {
		return dst, encodeError(c.key, err)
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

// entrySize is about how long the entry of a change is.
func entrySize(c *change) int {
	n := len(c.key) + 2*binary.MaxVarintLen32
	if len(c.encoded) > 0 {
		return n + len(c.encoded)
	}
	switch v := c.value.(type) {
	case string:
		return n + len(v)
	case []byte:
		return n + len(v)
	}
	return n
}

// patch appends f to dst with the changes made to it. What lies between two
// changed entries is copied in one piece.
func (f frame) patch(dst []byte, changes []change) (_ []byte, err error) {
	var few [manyChanges]bool
	done := few[:]
	if len(changes) > len(done) {
		done = make([]bool, len(changes))
	}
	index := indexOf(f, changes)
	kept := f // what stands in it before rest is to be copied
	for rest := f; len(rest) > 0; {
		key, _, after := rest.next()
		if i := index.find(key); i >= 0 {
			dst = append(dst, kept[:len(kept)-len(rest)]...)
			if !done[i] && changes[i].present {
				if dst, err = appendChange(dst, &changes[i]); err != nil {
					return nil, err
				}
			}
			done[i], kept = true, after
		}
		rest = after
	}
	dst = append(dst, kept...)
	for i := range changes {
		if changes[i].present && !done[i] {
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
	changes []change
	byKey   map[string]int // nil for a few changes
}

func indexOf(f frame, changes []change) changeIndex {
	x := changeIndex{changes: changes}
	if len(changes) > manyChanges && len(f) > 0 {
		x.byKey = make(map[string]int, len(changes))
		for i, c := range changes {
			x.byKey[c.key] = i
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
		if x.changes[i].key == string(key) {
			return i
		}
	}
	return -1
}
