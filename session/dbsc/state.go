package dbsc

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// nonce is an identifier or a challenge of 128 random bits.
type nonce [16]byte

// String is the nonce as the browser gets it.
func (n nonce) String() string { return base64.RawURLEncoding.EncodeToString(n[:]) }

// is reports whether a text of a request is the nonce. The comparison need not take constant
// time: every client that has the session's cookie gets these nonces in responses.
func (n nonce) is(text string) bool {
	var own [22]byte
	base64.RawURLEncoding.Encode(own[:], n[:])
	return string(own[:]) == text
}

func draw(into ...[]byte) error {
	for _, b := range into {
		// rand.Read would end the program when the reader fails.
		if _, err := io.ReadFull(rand.Reader, b); err != nil {
			return fmt.Errorf("dbsc: no randomness: %w", err)
		}
	}
	return nil
}

// challengeLife is how long a challenge is good.
const challengeLife = 5 * time.Minute

// previousLife is for how long after it was replaced an unused challenge is still good: a
// browser may be signing it.
const previousLife = time.Minute

// challenge is what the browser signs to refresh.
type challenge struct {
	nonce  nonce
	issued time.Time // zero when there is none
	used   bool
}

// good reports whether a proof may use the challenge.
func (c *challenge) good(now time.Time) bool {
	return !c.used && !c.issued.IsZero() && now.Sub(c.issued).Abs() < challengeLife
}

// state is what a record holds of the binding.
type state struct {
	id      nonce     // session_identifier
	offered time.Time // when Login offered to register
	offer   nonce     // the challenge of the registration

	registered time.Time // zero before the registration
	refreshed  time.Time // when the last bound cookie was made
	last       challenge
	previous   challenge
	key        string // as keyText returns it
}

func (s *state) bound() bool { return !s.registered.IsZero() }

// renew makes a new challenge when the last one is not good any more. One that is good is
// handed out again: a thief who asks for challenges must not push out the browser's.
func (s *state) renew(now time.Time) error {
	if s.last.good(now) {
		return nil
	}
	next := challenge{issued: now}
	if err := draw(next.nonce[:]); err != nil {
		return err
	}
	s.previous, s.last = s.last, next
	return nil
}

// find returns the challenge that a proof has signed, nil when that is not good.
func (s *state) find(signed string, now time.Time) *challenge {
	if s.last.nonce.is(signed) && s.last.good(now) {
		return &s.last
	}
	p := &s.previous
	if p.nonce.is(signed) && !p.used && !p.issued.IsZero() && now.Sub(s.last.issued).Abs() < previousLife {
		return p
	}
	return nil
}

// challenge is the value of a Secure-Session-Challenge header.
func (s *state) challenge() string {
	return quoted(s.last.nonce.String()) + ";id=" + quoted(s.id.String())
}

// A state is, as bytes:
//
//	  0  version    1
//	  1  id         16 bytes
//	 17  offered    milliseconds since 1970
//	 25  offer      16 bytes
//	 41  registered milliseconds since 1970, 0 before it
//	 49  refreshed  milliseconds since 1970
//	 57  last       16 bytes, milliseconds since 1970, and 1 when it was used
//	 82  previous   the same
//	107  key        key.go has what it is; nothing before the registration
const (
	stateVersion  = 1
	challengeSize = 25
	stateSize     = 107
)

// String is the state as the record holds it.
func (s *state) String() string {
	b := make([]byte, 0, stateSize+len(s.key))
	b = append(b, stateVersion)
	b = append(b, s.id[:]...)
	b = appendTime(b, s.offered)
	b = append(b, s.offer[:]...)
	b = appendTime(b, s.registered)
	b = appendTime(b, s.refreshed)
	for _, c := range []*challenge{&s.last, &s.previous} {
		b = appendTime(append(b, c.nonce[:]...), c.issued)
		used := byte(0)
		if c.used {
			used = 1
		}
		b = append(b, used)
	}
	return string(append(b, s.key...))
}

// parseState is the inverse of String.
func parseState(text string) (s state, ok bool) {
	if len(text) < stateSize || text[0] != stateVersion {
		return s, false
	}
	copy(s.id[:], text[1:])
	s.offered = timeOf(text[17:])
	copy(s.offer[:], text[25:])
	s.registered, s.refreshed = timeOf(text[41:]), timeOf(text[49:])
	s.last, s.previous = challengeOf(text[57:]), challengeOf(text[57+challengeSize:])
	s.key = text[stateSize:]
	return s, s.bound() == (s.key != "")
}

func challengeOf(text string) (c challenge) {
	copy(c.nonce[:], text)
	c.issued, c.used = timeOf(text[16:]), text[24] != 0
	return c
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.BigEndian.AppendUint64(b, 0)
	}
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixMilli()))
}

func timeOf(text string) time.Time {
	var b [8]byte
	copy(b[:], text)
	ms := int64(binary.BigEndian.Uint64(b[:]))
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
