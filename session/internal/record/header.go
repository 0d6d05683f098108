package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// A native record is a header of fixed length and a body:
//
//	 0  magic    "rs"
//	 2  version  1; login.go has versions 2 and 3
//	 3  kind     one of the kinds below, in upper case when the body is encrypted
//	 4  revision 8 random bytes, new with every write
//	12  check    the first 8 bytes of the SHA-256 of the session's ID
//	20  created  milliseconds since 1970
//	28  expires  milliseconds since 1970, 0 when Redis keeps the time
//	36  idle     the session's own idle timeout in milliseconds, -1 for the factory's
//	44  max age  its cookie's own lifetime, -1 for the factory's; cookieage.go has the rest
//	52  body     the data, in the layout that kind names
//
// Integers are big-endian. The revision makes the first 12 bytes a guard for
// Store.Replace: they name one state of the record, so that Redis compares 12
// bytes instead of all. It is random rather than counted because a writer that
// did not hear the reply must be able to recognise its own write.
const (
	// RevisionLen is session.RevisionLen.
	RevisionLen = 12
	headerLen   = 52

	magic = "rs\x01"

	kindLazy   = 'l' // body: a frame
	kindCodec  = 'c' // body: all of the data by one codec, that of the settings
	kindNamed  = 'n' // body: the name of a codec, and all of the data by it (codecs.go)
	kindMarker = 'm' // body: the SHA-256 of the ID that the session was renewed to
)

// Address is where a session's record is: its key, and what the key is made of.
type Address struct {
	Key  string
	hash [sha256.Size]byte // of the ID; the ID itself is never stored
}

func addressOf(prefix, id string) Address {
	var usual [64]byte // on the stack, which is enough for an ID of ours
	return addressOfHash(prefix, sha256.Sum256(append(usual[:0], id...)))
}

func addressOfHash(prefix string, hash [sha256.Size]byte) Address {
	var usual [128]byte
	key := hex.AppendEncode(append(usual[:0], prefix...), hash[:])
	return Address{string(key), hash}
}

// Meta is what a record says about its session beside the data.
type Meta struct {
	Created time.Time
	Expires time.Time // zero when Redis keeps the time
	Idle    Override
	MaxAge  Override
	Login   Login
	// CookieSent is when the cookie was sent last; zero when it is not noted.
	CookieSent time.Time

	// Members are what a Pyramid record holds beside the data, as it was read:
	// what is not ours goes back as it came.
	Members map[string]any
}

// Override is a duration that a session has in place of the factory's. The zero value is
// the factory's.
type Override struct {
	Set      bool
	Duration time.Duration
}

// Or returns the session's duration, or the factory's where it has none.
func (o Override) Or(factory time.Duration) time.Duration {
	if o.Set {
		return o.Duration
	}
	return factory
}

// appendHeader appends a native header with a new revision.
func appendHeader(dst []byte, kind byte, at Address, m Meta) []byte {
	dst = append(dst, version(m.Login)...)
	dst = append(dst, kind)
	dst = binary.BigEndian.AppendUint64(dst, rand.Uint64())
	dst = append(dst, at.hash[:8]...)
	dst = appendTime(dst, m.Created)
	dst = appendTime(dst, m.Expires)
	dst = appendOwn(dst, m.Idle)
	return appendLogin(appendCookie(dst, m), m.Login)
}

// NamesRevision is session.NamesRevision.
func NamesRevision(guard []byte) bool { return len(guard) <= RevisionLen }

// parseHeader takes a record apart. It checks that the record belongs to at. The header
// is what is in front of the body.
func parseHeader(at Address, record []byte) (kind byte, m Meta, body []byte, err error) {
	if len(record) < headerLen || !known(record) {
		return 0, m, nil, fmt.Errorf("%w: it has no native header", ErrUndecodable)
	}
	if !bytes.Equal(record[12:20], at.hash[:8]) {
		return 0, m, nil, ErrCrossedReply
	}
	m = Meta{
		Created: parseTime(record[20:]), Expires: parseTime(record[28:]),
		Idle: parseOwn(record[36:]),
	}
	m.MaxAge, m.CookieSent = parseCookie(record[44:])
	login, n, err := parseLogin(record)
	m.Login = login
	if err != nil {
		return 0, m, nil, err
	}
	return record[len(magic)], m, record[n:], nil
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.BigEndian.AppendUint64(dst, 0)
	}
	return binary.BigEndian.AppendUint64(dst, uint64(t.UnixMilli()))
}

func parseTime(b []byte) time.Time {
	ms := int64(binary.BigEndian.Uint64(b))
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func appendOwn(dst []byte, o Override) []byte {
	ms := int64(-1)
	if o.Set {
		ms = o.Duration.Milliseconds()
	}
	return binary.BigEndian.AppendUint64(dst, uint64(ms))
}

// maxOwn keeps a damaged header from overflowing a time.Duration.
const maxOwn = int64(1<<63-1) / int64(time.Millisecond)

func parseOwn(b []byte) Override {
	ms := int64(binary.BigEndian.Uint64(b))
	if ms < 0 {
		return Override{}
	}
	return Override{true, time.Duration(min(ms, maxOwn)) * time.Millisecond}
}
