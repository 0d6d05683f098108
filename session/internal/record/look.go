package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// Look is what the header of a record holds.
type Look struct {
	Meta
	Successor *Address // of a marker
	Ended     bool     // a tombstone
	Encrypted bool
	Codec     string // the name in the record, "" for the format's own or one without a name
}

// lookLen is how many bytes of a native record hold all that: a header with the key of a
// bound session, and a marker's successor or a codec's name of a usual length. An RSA key
// is longer: of its record Look has no name of the codec.
const lookLen = 384

// padded lengthens the front of a record whose header goes on behind it.
func padded(front []byte) []byte {
	if len(front) != lookLen || string(front[:len(magic)]) != deviceMagic {
		return front
	}
	whole := deviceHeaderLen + int(binary.BigEndian.Uint16(front[loginHeaderLen:]))
	return append(front[:lookLen:lookLen], make([]byte, max(0, whole-lookLen))...)
}

// Front returns how many bytes of a record LookAt needs, negative for all of them.
func (n *native) Front() int { return lookLen }

func (p *pyramid) Front() int { return -1 }

// AtKey is the address of a key, if it is one that a session may have.
func (n *native) AtKey(key string) (at Address, ok bool) {
	digits, ok := strings.CutPrefix(key, n.prefix)
	hash, err := hex.DecodeString(digits)
	if !ok || err != nil || len(hash) != sha256.Size || strings.ToLower(digits) != digits {
		return at, false
	}
	return addressOfHash(n.prefix, [sha256.Size]byte(hash)), true
}

func (p *pyramid) AtKey(key string) (at Address, ok bool) {
	return Address{Key: key}, key != "" && (p.prefix == "" || strings.HasPrefix(key, p.prefix))
}

// LookAt looks at the front of a record.
func (n *native) LookAt(at Address, front []byte) (l Look, err error) {
	kind, m, body, err := parseHeader(at, padded(front))
	if err != nil {
		return l, err
	}
	l.Meta = m
	if kind == kindMarker {
		l.Successor, l.Ended, err = n.parseMarker(body)
		return l, err
	}
	plain := kind | lowerCase
	l.Encrypted = kind != plain
	if plain == kindNamed && len(body) > 0 {
		l.Codec = string(body[1:min(1+int(body[0]), len(body))])
	}
	if plain != kindLazy && plain != kindNamed && plain != kindCodec {
		return l, fmt.Errorf("%w: it is of kind %q, which this version does not know", ErrUndecodable, kind)
	}
	return l, nil
}

func (p *pyramid) LookAt(at Address, front []byte) (l Look, err error) {
	s, err := p.Decode(at, front)
	return Look{Meta: s.Meta, Ended: s.Ended}, err
}

// SizeOf returns how many bytes the value at a key has in its record, or would have by
// itself; negative when the record does not show it.
func SizeOf(d Data, key string) int {
	switch d := d.(type) {
	case *lazyData:
		if b, ok := d.find(key); ok {
			return len(b)
		}
	case *dictData:
		if m, err := d.original(); err == nil {
			if b, err := d.layout.codec.Encode(m[key]); err == nil {
				return len(b)
			}
		}
	}
	return -1
}
