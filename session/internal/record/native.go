package record

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

// native is the format of records that only Go reads and writes.
type native struct {
	prefix string
	front  []byte // of every live record
	values Layout
	sealer *encode.Sealer // nil when nothing is encrypted
}

var _ Format = (*native)(nil)

// NewNative returns the native format.
func NewNative(c Config) Format {
	n := &native{prefix: c.Prefix, values: lazyLayout{}, sealer: c.Sealer}
	if c.Codec.Encode != nil {
		n.values = dictLayout{codec: c.Codec}
	}
	n.front = append([]byte(magic), n.kind())
	return n
}

func (n *native) Layout() Layout { return n.values }

func (n *native) Address(id string) Address { return addressOf(n.prefix, id) }

func (n *native) Decode(at Address, record []byte) (s Snapshot, err error) {
	kind, m, body, err := parseHeader(at, record)
	if err != nil {
		return s, err
	}
	s.Meta, s.Guard, s.Whole = m, record[:RevisionLen:RevisionLen], record
	switch kind {
	case kindMarker:
		if len(body) == 0 {
			s.Ended = true
			return s, nil
		}
		if len(body) != sha256.Size {
			return s, fmt.Errorf("%w: a damaged marker", ErrUndecodable)
		}
		next := addressOfHash(n.prefix, [sha256.Size]byte(body))
		s.Successor = &next
		return s, nil
	case n.kind():
	default:
		return s, fmt.Errorf("%w: it is of kind %q, this factory writes %q: encode, decode or encryption_keys changed", ErrUndecodable, kind, n.kind())
	}
	if n.sealer != nil {
		if body, err = n.sealer.Open(body, associated(at, record[:len(record)-len(body)])); err != nil {
			return s, fmt.Errorf("%w: %w", ErrUndecodable, err)
		}
	}
	s.Data, err = n.values.parse(body)
	return s, err
}

func (n *native) Encode(at Address, m Meta, base Data, changes []Change) ([]byte, Snapshot, error) {
	record := make([]byte, 0, headerLenOf(m.Login)+base.bodySize(changes)) // all of it at once: large records are common
	record = appendHeader(record, n.kind(), at, m)
	header := len(record)
	record, err := base.appendBody(record, changes)
	if err != nil {
		return nil, Snapshot{}, err
	}
	s := Snapshot{Meta: m, Data: n.values.open(record[header:])}
	if n.sealer != nil {
		sealed, err := n.sealer.Seal(record[header:], associated(at, record[:header]))
		if err != nil {
			return nil, Snapshot{}, err
		}
		record = slices.Concat(record[:header], sealed) // the snapshot keeps the data as it was
	}
	s.Guard, s.Whole = record[:RevisionLen:RevisionLen], record
	return record, s, nil
}

// Marker keeps no data, only where the session went.
func (n *native) Marker(at, successor Address, m Meta) []byte {
	return append(appendHeader(nil, kindMarker, at, m), successor.hash[:]...)
}

// Idle is kept in milliseconds.
func (n *native) Idle(d time.Duration) time.Duration {
	if d == 0 {
		return 0
	}
	return max(d.Truncate(time.Millisecond), time.Millisecond)
}

// Expiry is in the record only where ExpiryInRecord asks for it.
func (n *native) Expiry() (counts, written bool) { return false, false }

// Live names the kind, so that no marker begins with it.
func (n *native) Live() []byte { return n.front }

// kind is the layout's, in upper case when the body is encrypted.
func (n *native) kind() byte {
	if n.sealer != nil {
		return n.values.kind() - 'a' + 'A'
	}
	return n.values.kind()
}

// associated binds an encrypted body to its key and its header: moved to
// another session's key, or under another header, it does not open.
func associated(at Address, header []byte) []byte {
	return append([]byte(at.Key), header...)
}
