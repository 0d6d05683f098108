package session

import (
	"crypto/sha256"
	"fmt"

	"github.com/pyramidgo/redissessions/encode"
)

// snapshot is one stored state of a session, as a load found it or a save left
// it.
type snapshot struct {
	meta  meta
	data  dataset
	guard []byte // what Store.Replace compares

	// successor is where the session went when it was renewed. Nothing else is
	// set then: the record at the old key is only a marker.
	successor *address
}

// native is the format of records that only Go reads and writes.
type native struct {
	prefix string
	layout layout
	sealer *encode.Sealer // nil when nothing is encrypted
}

func (n *native) address(id string) address { return addressOf(n.prefix, id) }

// decode parses a record found at an address.
func (n *native) decode(at address, record []byte) (*snapshot, error) {
	kind, m, body, err := parseHeader(at, record)
	if err != nil {
		return nil, err
	}
	s := &snapshot{meta: m, guard: record[:guardLen]}
	switch kind {
	case kindMarker:
		if len(body) != sha256.Size {
			return nil, fmt.Errorf("%w: a damaged marker", ErrUndecodable)
		}
		next := addressOfHash(n.prefix, [sha256.Size]byte(body))
		s.successor = &next
		return s, nil
	case n.kind():
	default:
		return nil, fmt.Errorf("%w: it is of kind %q, this factory writes %q: encode, decode or encryption_keys changed", ErrUndecodable, kind, n.kind())
	}
	if n.sealer != nil {
		if body, err = n.sealer.Open(body, associated(at, record[:headerLen])); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUndecodable, err)
		}
	}
	s.data, err = n.layout.parse(body)
	return s, err
}

// encode writes the record for an address: the data of base with the changes.
// It also returns the snapshot that a reader of the record would get.
func (n *native) encode(at address, m meta, base dataset, changes []change) ([]byte, *snapshot, error) {
	record := appendHeader(make([]byte, 0, headerLen+64), n.kind(), at, m)
	body, err := base.appendBody(nil, changes)
	if err != nil {
		return nil, nil, err
	}
	s := &snapshot{meta: m, data: n.layout.open(body)}
	if n.sealer != nil {
		if body, err = n.sealer.Seal(body, associated(at, record)); err != nil {
			return nil, nil, err
		}
	}
	record = append(record, body...)
	s.guard = record[:guardLen:guardLen]
	return record, s, nil
}

// marker writes the record that stays at a renewed session's old address.
func (n *native) marker(at, successor address, m meta) []byte {
	return append(appendHeader(nil, kindMarker, at, m), successor.hash[:]...)
}

// live is the guard that every live session of this factory begins with, and
// no marker does.
func (n *native) live() []byte { return append([]byte(magic), n.kind()) }

// kind is the layout's, in upper case when the body is encrypted.
func (n *native) kind() byte {
	if n.sealer != nil {
		return n.layout.kind() - 'a' + 'A'
	}
	return n.layout.kind()
}

// associated binds an encrypted body to its key and its header: moved to
// another session's key, or under another header, it does not open.
func associated(at address, header []byte) []byte {
	return append([]byte(at.key), header...)
}
