package session

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
	values layout
	sealer *encode.Sealer // nil when nothing is encrypted
}

var _ format = (*native)(nil)

func newNative(opts *Options) (*native, error) {
	n := &native{prefix: opts.Prefix, values: lazyLayout{}}
	if c := opts.Codec; c.Encode != nil && c.Decode != nil {
		n.values = dictLayout{codec: c}
	} else if c.Encode != nil || c.Decode != nil {
		return nil, optionError("Codec", "it needs both Encode and Decode")
	}
	if len(opts.EncryptionKeys) > 0 {
		var err error
		if n.sealer, err = encode.NewSealer(opts.EncryptionKeys...); err != nil {
			return nil, optionError("EncryptionKeys", "%w", err)
		}
	}
	n.front = append([]byte(magic), n.kind())
	return n, nil
}

func (n *native) layout() layout { return n.values }

func (n *native) address(id string) address { return addressOf(n.prefix, id) }

func (n *native) decode(at address, record []byte) (s snapshot, err error) {
	kind, m, body, err := parseHeader(at, record)
	if err != nil {
		return s, err
	}
	s.meta, s.guard, s.whole = m, record[:guardLen:guardLen], record
	switch kind {
	case kindMarker:
		if len(body) != sha256.Size {
			return s, fmt.Errorf("%w: a damaged marker", ErrUndecodable)
		}
		next := addressOfHash(n.prefix, [sha256.Size]byte(body))
		s.successor = &next
		return s, nil
	case n.kind():
	default:
		return s, fmt.Errorf("%w: it is of kind %q, this factory writes %q: encode, decode or encryption_keys changed", ErrUndecodable, kind, n.kind())
	}
	if n.sealer != nil {
		if body, err = n.sealer.Open(body, associated(at, record[:headerLen])); err != nil {
			return s, fmt.Errorf("%w: %w", ErrUndecodable, err)
		}
	}
	s.data, err = n.values.parse(body)
	return s, err
}

func (n *native) encode(at address, m meta, base dataset, changes []change) ([]byte, snapshot, error) {
	record := make([]byte, 0, headerLen+base.bodySize(changes)) // all of it at once: large records are common
	record = appendHeader(record, n.kind(), at, m)
	record, err := base.appendBody(record, changes)
	if err != nil {
		return nil, snapshot{}, err
	}
	s := snapshot{meta: m, data: n.values.open(record[headerLen:])}
	if n.sealer != nil {
		sealed, err := n.sealer.Seal(record[headerLen:], associated(at, record[:headerLen]))
		if err != nil {
			return nil, snapshot{}, err
		}
		record = slices.Concat(record[:headerLen], sealed) // the snapshot keeps the data as it was
	}
	s.guard, s.whole = record[:guardLen:guardLen], record
	return record, s, nil
}

// marker keeps no data, only where the session went.
func (n *native) marker(at, successor address, m meta) []byte {
	return append(appendHeader(nil, kindMarker, at, m), successor.hash[:]...)
}

// idle is kept in milliseconds.
func (n *native) idle(d time.Duration) time.Duration {
	if d == 0 {
		return 0
	}
	return max(d.Truncate(time.Millisecond), time.Millisecond)
}

// expiry is in the record only where ExpiryInRecord asks for it.
func (n *native) expiry() (counts, written bool) { return false, false }

// live names the kind, so that no marker begins with it.
func (n *native) live() []byte { return n.front }

// kind is the layout's, in upper case when the body is encrypted.
func (n *native) kind() byte {
	if n.sealer != nil {
		return n.values.kind() - 'a' + 'A'
	}
	return n.values.kind()
}

// associated binds an encrypted body to its key and its header: moved to
// another session's key, or under another header, it does not open.
func associated(at address, header []byte) []byte {
	return append([]byte(at.key), header...)
}
