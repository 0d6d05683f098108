package record

import (
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

// Config is what the formats read of a factory's options.
type Config struct {
	Prefix string       // of every key, natively
	Codec  encode.Codec // of all of the data; the zero Codec is the format's default
	// CodecName is Codec's name in the records. By default it is the built-in name of
	// a built-in codec; a codec without a name writes records without one.
	CodecName string
	// Decoders read the records of other codecs, by name, beside the built-in ones.
	Decoders map[string]encode.Decoder
	Sealer   *encode.Sealer // encrypts the data; nil when nothing is encrypted
	Previous *encode.Sealer // decrypts what Sealer does not; nil when nothing does
	// AcceptPlain reads records that are not encrypted, also with a Sealer.
	AcceptPlain bool
	Timeout     time.Duration // the factory's idle timeout, 0 for none
	// Expires makes pyramid_session_redis' x.
	Expires bool
	// MaxBytes is the size up to which pickle reads and writes a record.
	MaxBytes int
}

// Format is how the sessions of one kind of application stand in Redis: where a
// record is, and what is in it. The functions are pure.
type Format interface {
	Address(id string) Address
	// Layout is how values are encoded.
	Layout() Layout
	// Decode parses a record found at an address. A record that belongs to
	// another address is ErrCrossedReply, where the format can tell; one that
	// cannot be read is ErrUndecodable.
	Decode(at Address, record []byte) (Snapshot, error)
	// Encode writes the record for an address: the data of base with the
	// changes. It also returns the snapshot that a reader of it would get, which
	// may be part of the record.
	Encode(at Address, m Meta, base Data, changes []Change) ([]byte, Snapshot, error)
	// Live is a guard that every live session begins with, or nil in a format
	// where a key holds a live session or nothing.
	Live() []byte
	// LiveLoggedIn is Live for sessions with a Login.
	LiveLoggedIn() []byte
	// LiveBound is Live for sessions with a Login that has a Device.
	LiveBound() []byte
	// Marker returns what stays at a renewed session's old address, or nil in a
	// format that has no such thing: the old record is then removed.
	Marker(at, successor Address, m Meta) []byte
	// Tombstone returns what keeps a session from being created at an address.
	Tombstone(at Address, m Meta) []byte
	// Member returns what stands in an index for a session at an address that was logged
	// in at that time, and OfMember is its inverse.
	Member(at Address, login time.Time) []byte
	OfMember(member []byte) (at Address, login time.Time, ok bool)
	// AtKey returns the address of a key, if it is one that a session may have.
	AtKey(key string) (at Address, ok bool)
	// LookAt looks at the first bytes of a record, of which it needs Front, or all where
	// that is negative. Its errors are those of Decode.
	LookAt(at Address, front []byte) (Look, error)
	Front() int
	// Idle returns what is kept of an idle timeout, in the format's own unit.
	Idle(d time.Duration) time.Duration
	// Expiry reports whether a time of expiry in a record counts, and whether
	// one is written, also where Redis keeps the time to live.
	Expiry() (counts, written bool)
}

// Snapshot is one stored state of a session, as a load found it or a save left
// it.
type Snapshot struct {
	Meta  Meta
	Data  Data
	Guard []byte // what Store.Replace compares
	Whole []byte // all of the record, for a store that compares that

	// Outmoded reports that the record was written under settings that are on their way
	// out: by another codec, plain, or encrypted by one of the previous keys.
	Outmoded bool

	// Successor is where the session went when it was renewed. Nothing else is
	// set then: the record at the old key is only a marker.
	Successor *Address
	// Ended is for a tombstone: nothing else is set then.
	Ended bool
}
