package record

import (
	"crypto/sha256"
	"errors"
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
	name   string         // of the codec, "" where there is none or it has none
	sealer *encode.Sealer // nil when nothing is encrypted

	// For the records of other settings.
	decoders    map[string]encode.Decoder
	previous    *encode.Sealer
	acceptPlain bool
}

var _ Format = (*native)(nil)

// NewNative returns the native format.
func NewNative(c Config) Format {
	n := &native{
		prefix: c.Prefix, values: lazyLayout{}, sealer: c.Sealer,
		decoders: c.Decoders, previous: c.Previous, acceptPlain: c.AcceptPlain || c.Sealer == nil,
	}
	if c.Codec.Encode != nil {
		n.values = dictLayout{codec: c.Codec}
		if n.name = c.CodecName; n.name == "" {
			n.name = builtInName(c.Codec)
		}
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
	if kind == kindMarker {
		s.Successor, s.Ended, err = n.parseMarker(body)
		return s, err
	}
	plain, name := kind|lowerCase, ""
	if plain == kindNamed {
		if name, body, err = cutName(body); err != nil {
			return s, err
		}
	}
	layout, foreign, err := n.layoutOf(plain, name)
	if err != nil {
		return s, err
	}
	front := record[:len(record)-len(body)]
	previous := false
	if kind == plain {
		err = n.acceptsPlain()
	} else {
		body, previous, err = n.opened(body, associated(at, front))
	}
	if err != nil {
		return s, err
	}
	if s.Data, err = layout.parse(body); err == nil && foreign {
		s.Data, err = n.converted(s.Data)
	}
	s.Outmoded = previous || kind != n.kind() || name != n.name
	return s, err
}

// parseMarker returns where a marker leads to, or reports that it is a tombstone, which
// leads nowhere.
func (n *native) parseMarker(body []byte) (successor *Address, ended bool, err error) {
	switch len(body) {
	case 0:
		return nil, true, nil
	case sha256.Size:
		next := addressOfHash(n.prefix, [sha256.Size]byte(body))
		return &next, false, nil
	}
	return nil, false, fmt.Errorf("%w: a damaged marker", ErrUndecodable)
}

func (n *native) acceptsPlain() error {
	if n.acceptPlain {
		return nil
	}
	return fmt.Errorf("%w: it is not encrypted; encryption_accept_plain reads such records while the first of the encryption_keys is brought in", ErrUndecodable)
}

// opened returns an encrypted body decrypted, and whether one of the previous keys
// did that.
func (n *native) opened(body, bound []byte) (_ []byte, previous bool, err error) {
	err = errors.New("it is encrypted, and there are no encryption_keys")
	if n.sealer != nil {
		var opened []byte
		if opened, err = n.sealer.Open(body, bound); err == nil {
			return opened, false, nil
		}
	}
	if n.previous != nil {
		var opened []byte
		if opened, err = n.previous.Open(body, bound); err == nil {
			return opened, true, nil
		}
	}
	return nil, false, fmt.Errorf("%w: %w", ErrUndecodable, err)
}

func (n *native) Encode(at Address, m Meta, base Data, changes []Change) ([]byte, Snapshot, error) {
	record := make([]byte, 0, headerLenOf(m.Login)+1+len(n.name)+base.bodySize(changes)) // all of it at once: large records are common
	record = appendHeader(record, n.kind(), at, m)
	if n.name != "" {
		record = appendName(record, n.name)
	}
	front := len(record)
	record, err := base.appendBody(record, changes)
	if err != nil {
		return nil, Snapshot{}, err
	}
	s := Snapshot{Meta: m, Data: n.values.open(record[front:])}
	if n.sealer != nil {
		sealed, err := n.sealer.Seal(record[front:], associated(at, record[:front]))
		if err != nil {
			return nil, Snapshot{}, err
		}
		record = slices.Concat(record[:front], sealed) // the snapshot keeps the data as it was
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

// Live names the kind, so that no marker begins with it. It is the kind that this
// factory writes: a record of another takes one command more.
func (n *native) Live() []byte { return n.front }

// lowerCase is the bit that tells an encrypted kind from a plain one.
const lowerCase = 'a' - 'A'

// kind is the layout's, in upper case when the body is encrypted.
func (n *native) kind() byte {
	kind := n.values.kind()
	if n.name != "" {
		kind = kindNamed
	}
	if n.sealer != nil {
		kind &^= lowerCase
	}
	return kind
}

// associated binds an encrypted body to its key and to what stands before it: moved to
// another session's key, or under another header, it does not open.
func associated(at Address, header []byte) []byte {
	return append([]byte(at.Key), header...)
}
