package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// UserHash names a user in an index and in a record.
type UserHash [20]byte

// Login is what a record says about whose session it is. The zero value is that of a
// visitor who never logged in.
type Login struct {
	User UserHash
	At   time.Time // when, to the millisecond
	// Lease is until when the session's entry in the index of its user counts; Forever,
	// or zero for a session that has no entry.
	Lease time.Time
	// Device is what a session.Binding keeps of the browser that the session is bound to, up
	// to MaxDevice bytes; "" where there is none. The Pyramid formats have no room for it.
	Device string
}

// MaxDevice is the size up to which a record holds a Login's Device.
const MaxDevice = 1024

// Forever is the lease of a session that never ends.
var Forever = time.UnixMilli(1<<52 - 1).UTC()

// Began returns when the absolute timeout began: at the login, else at the creation.
func (m Meta) Began() time.Time {
	if m.Login.At.IsZero() {
		return m.Created
	}
	return m.Login.At
}

// A native record of version 2 has a longer header:
//
//	 2  version  2
//	52  user     the first 20 bytes of a hash of the user
//	72  lease    the end of its entry's lease, in milliseconds since 1970; 0 for no entry
//	80  login    milliseconds since 1970
//	88  body
//
// and one of version 3, of a session that has a Device:
//
//	 2  version  3
//	52  user, lease and login, as in version 2
//	88  length  of what follows, 2 bytes
//	90  device  what a session.Binding keeps
//	    body
const (
	loginMagic     = "rs\x02"
	loginHeaderLen = headerLen + 20 + 8 + 8

	deviceMagic     = "rs\x03"
	deviceHeaderLen = loginHeaderLen + 2 // without the device
)

// version returns the front of a record, without its kind.
func version(l Login) string {
	switch {
	case l.At.IsZero():
		return magic
	case l.Device == "":
		return loginMagic
	}
	return deviceMagic
}

// known reports whether a record begins with one of the versions.
func known(record []byte) bool {
	switch string(record[:len(magic)]) {
	case magic, loginMagic, deviceMagic:
		return true
	}
	return false
}

func headerLenOf(l Login) int {
	switch version(l) {
	case magic:
		return headerLen
	case loginMagic:
		return loginHeaderLen
	}
	return deviceHeaderLen + len(l.Device)
}

func appendLogin(dst []byte, l Login) []byte {
	if l.At.IsZero() {
		return dst
	}
	dst = append(dst, l.User[:]...)
	dst = appendTime(appendTime(dst, l.Lease), l.At)
	if l.Device == "" {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(l.Device)))
	return append(dst, l.Device...)
}

// parseLogin reads the end of a header, and returns the header's length.
func parseLogin(record []byte) (l Login, n int, err error) {
	if string(record[:len(magic)]) == magic {
		return l, headerLen, nil
	}
	if len(record) < loginHeaderLen {
		return l, 0, fmt.Errorf("%w: its header is too short", ErrUndecodable)
	}
	l.Lease, l.At = parseTime(record[72:]), parseTime(record[80:])
	if l.At.IsZero() {
		return l, 0, fmt.Errorf("%w: its header has no time of login", ErrUndecodable)
	}
	copy(l.User[:], record[headerLen:])
	if string(record[:len(magic)]) == loginMagic {
		return l, loginHeaderLen, nil
	}
	return parseDevice(record, l)
}

// parseDevice reads the end of a header of version 3.
func parseDevice(record []byte, l Login) (Login, int, error) {
	if len(record) < deviceHeaderLen {
		return l, 0, fmt.Errorf("%w: its header is too short", ErrUndecodable)
	}
	n := int(binary.BigEndian.Uint16(record[loginHeaderLen:]))
	if n == 0 || n > MaxDevice || len(record) < deviceHeaderLen+n {
		return l, 0, fmt.Errorf("%w: what its header says of the device is damaged", ErrUndecodable)
	}
	l.Device = string(record[deviceHeaderLen : deviceHeaderLen+n])
	return l, deviceHeaderLen + n, nil
}

// The member of an index that stands for a session: what its key is made of, and the time
// of login as 8 bytes. That is the hash of the ID natively, and the ID in the Pyramid
// formats.

func appendLoginTime(dst []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(at.UnixMilli()))
}

func cutLoginTime(member []byte) (front []byte, at time.Time, ok bool) {
	n := len(member) - 8
	if n < 1 {
		return nil, at, false
	}
	return member[:n], time.UnixMilli(int64(binary.BigEndian.Uint64(member[n:]))).UTC(), true
}

// Member returns the member for a session at an address.
func (n *native) Member(at Address, login time.Time) []byte {
	return appendLoginTime(at.hash[:len(at.hash):len(at.hash)], login)
}

// OfMember is the inverse of Member.
func (n *native) OfMember(member []byte) (at Address, login time.Time, ok bool) {
	front, login, ok := cutLoginTime(member)
	if !ok || len(front) != sha256.Size {
		return at, login, false
	}
	return addressOfHash(n.prefix, [sha256.Size]byte(front)), login, true
}

// Tombstone is a marker without a successor.
func (n *native) Tombstone(at Address, m Meta) []byte { return appendHeader(nil, kindMarker, at, m) }

// LiveLoggedIn is Live for sessions with a Login.
func (n *native) LiveLoggedIn() []byte { return append([]byte(loginMagic), n.kind()) }

// LiveBound is Live for sessions with a Device.
func (n *native) LiveBound() []byte { return append([]byte(deviceMagic), n.kind()) }

func (p *pyramid) Member(at Address, login time.Time) []byte {
	return appendLoginTime([]byte(at.Key), login)
}

// OfMember is the inverse of Member. It refuses those of the native format, which are in the same
// set where a native factory has the same prefix and the same cookie.
func (p *pyramid) OfMember(member []byte) (at Address, login time.Time, ok bool) {
	front, login, ok := cutLoginTime(member)
	if key := string(front); ok && isText(strings.TrimPrefix(key, p.prefix)) {
		return Address{Key: key}, login, true
	}
	return at, login, false
}

// isText reports whether the front of a member may be an ID. A hash is not, but for one in 10^11.
func isText(front string) bool {
	return utf8.ValidString(front) && !strings.ContainsFunc(front, unicode.IsControl)
}

// IsMember reports whether a format writes such members, whichever it is.
func IsMember(member []byte) bool {
	front, _, ok := cutLoginTime(member)
	return ok && (len(front) == sha256.Size || isText(string(front)))
}

func (p *pyramid) LiveLoggedIn() []byte { return nil }
func (p *pyramid) LiveBound() []byte    { return nil }

// loginKey is where in a Python dict the Login is. Python keeps what it does not know
// there, as it would not beside the dict.
const loginKey = "_login_"

// ended is the value at loginKey of a tombstone.
const ended = "ended"

// Tombstone is an empty session whose times are over.
func (p *pyramid) Tombstone(Address, Meta) []byte {
	long := time.Unix(1, 0).UTC()
	m := Meta{Created: long, Expires: long, Idle: Override{true, time.Second}}
	members := map[string]any{}
	p.envelope.write(m, members)
	if _, ok := p.envelope.(pyramidSessionRedis); ok {
		members["x"] = int64(1)
	}
	members[p.values.member] = map[string]any{loginKey: ended}
	record, err := p.values.Encode(members)
	if err != nil || guardsWhole(record) != nil {
		return nil // not with text and numbers
	}
	return record
}

// takeLogin takes what a Python dict says about the login out of it.
func takeLogin(values map[string]any) (l Login, isTombstone bool) {
	text, ok := values[loginKey].(string)
	if !ok {
		return l, false
	}
	delete(values, loginKey)
	if text == ended {
		return l, true
	}
	fields := strings.Split(text, " ")
	if len(fields) != 3 {
		return Login{}, false
	}
	user, err := hex.DecodeString(fields[0])
	lease, err1 := strconv.ParseInt(fields[1], 10, 64)
	at, err2 := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || err1 != nil || err2 != nil || len(user) != len(l.User) || at <= 0 || lease < 0 {
		return Login{}, false
	}
	copy(l.User[:], user)
	l.At = time.UnixMilli(at).UTC()
	if lease > 0 {
		l.Lease = time.UnixMilli(lease).UTC()
	}
	return l, false
}

// putLogin is the reverse of takeLogin.
func putLogin(values map[string]any, l Login) {
	delete(values, loginKey)
	if l.At.IsZero() {
		return
	}
	lease := int64(0)
	if !l.Lease.IsZero() {
		lease = l.Lease.UnixMilli()
	}
	values[loginKey] = fmt.Sprintf("%x %d %d", l.User[:], lease, l.At.UnixMilli())
}
