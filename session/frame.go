package session

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
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

// next takes the first entry off a checked frame. whole is the entry with its
// lengths, as it can be copied into another frame.
func (f frame) next() (key, value, whole []byte, rest frame) {
	key, r, _ := cutBytes(f)
	value, r, _ = cutBytes(r)
	return key, value, f[:len(f)-len(r)], r
}

func (f frame) find(key string) (value []byte, ok bool) {
	for len(f) > 0 {
		k, v, _, rest := f.next()
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
		k, _, _, rest := f.next()
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

// patch appends f to dst with the changes made to it. The changes are sorted
// by key and carry their encoded values.
func (f frame) patch(dst []byte, changes []change) []byte {
	replaced := make([]bool, len(changes))
	for len(f) > 0 {
		key, _, whole, rest := f.next()
		f = rest
		i, found := slices.BinarySearchFunc(changes, key, func(c change, key []byte) int {
			return strings.Compare(c.key, string(key))
		})
		switch {
		case !found:
			dst = append(dst, whole...)
		case !replaced[i] && !changes[i].deleted:
			dst = appendEntry(dst, changes[i].key, changes[i].encoded)
			replaced[i] = true
		}
	}
	for i, c := range changes {
		if !c.deleted && !replaced[i] {
			dst = appendEntry(dst, c.key, c.encoded)
		}
	}
	return dst
}
