package encode

import (
	"bytes"
	"slices"
)

// sortMsgPack returns encoded data with the pairs of every map in the order of
// their keys' bytes. The library sorts the keys of a few types of maps only,
// and leaves the rest in the order of Go's maps, which is a new one each time.
// The data has been scanned.
func sortMsgPack(data []byte) ([]byte, error) {
	out, _, err := appendSorted(make([]byte, 0, len(data)), data)
	return out, err
}

// appendSorted appends the value that data begins with to out, and returns
// the data after it.
func appendSorted(out, data []byte) (sorted, rest []byte, err error) {
	kind, size, length, err := msgpackHead(data)
	if err != nil {
		return nil, nil, err
	}
	if kind != msgpackList && kind != msgpackMap {
		end := size + int(length) // within data, the scan says
		return append(out, data[:end]...), data[end:], nil
	}
	out, rest = append(out, data[:size]...), data[size:]
	if kind == msgpackList {
		for range length {
			if out, rest, err = appendSorted(out, rest); err != nil {
				return nil, nil, err
			}
		}
		return out, rest, nil
	}
	pairs := make([]msgpackPair, length)
	for i := range pairs {
		if pairs[i].key, rest, err = appendSorted(nil, rest); err != nil {
			return nil, nil, err
		}
		if pairs[i].value, rest, err = appendSorted(nil, rest); err != nil {
			return nil, nil, err
		}
	}
	// A field that an outer one hides is written too, before it: the last one counts.
	slices.SortStableFunc(pairs, func(a, b msgpackPair) int { return bytes.Compare(a.key, b.key) })
	for _, pair := range pairs {
		out = append(append(out, pair.key...), pair.value...)
	}
	return out, rest, nil
}

type msgpackPair struct{ key, value []byte }
