package session

import (
	"encoding/binary"
	"math"
	"time"
)

// The rolling cookie: a browser drops a cookie when its Max-Age has passed since it
// was sent, however much its visitor does. So the cookie of an active visitor is sent
// again when a tenth of its Max-Age has passed since it was sent last. A native record
// notes when that was; the Pyramid records have no room for it.
//
// The note shares the header's field of the max age (record.go), which has three forms:
//
//	-1               the factory's max age, and no note
//	0 .. MaxCookieAge the session's own max age in milliseconds, and no note
//	otherwise        when the cookie was sent, in seconds since 1970 (32 bits), and the
//	                 session's own max age in seconds (32 bits), all ones for the factory's
//
// The first two are what records held before there was a note, and what they hold while
// the cookie has no Max-Age.
const factoryMaxAge = math.MaxUint32

// appendCookie appends the field.
func appendCookie(dst []byte, m meta) []byte {
	if m.cookieSent.IsZero() {
		return appendOwn(dst, m.maxAge)
	}
	maxAge := uint32(factoryMaxAge)
	if m.maxAge.set {
		maxAge = uint32(wholeCookieAge(m.maxAge.d) / time.Second)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(m.cookieSent.Unix()))
	return binary.BigEndian.AppendUint32(dst, maxAge)
}

// parseCookie reads the field.
func parseCookie(b []byte) (maxAge own, sent time.Time) {
	ms := int64(binary.BigEndian.Uint64(b))
	if ms >= -1 && ms <= MaxCookieAge.Milliseconds() {
		return parseOwn(b), time.Time{}
	}
	seconds, age := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if age != factoryMaxAge {
		maxAge = own{true, min(time.Duration(age)*time.Second, MaxCookieAge)}
	}
	return maxAge, time.Unix(int64(seconds), 0).UTC()
}

// wholeCookieAge returns a max age rounded up to whole seconds, as the cookie has it.
func wholeCookieAge(d time.Duration) time.Duration {
	d = min(max(d, 0), MaxCookieAge)
	return (d + time.Second - 1).Truncate(time.Second)
}

// rolls reports whether the session's cookie has a Max-Age, and its record room to
// note when it was sent.
func (s *Session) rolls() bool {
	return s.f.opts.Format == FormatNative && s.cookieMaxAge() > 0
}

func (s *Session) cookieMaxAge() time.Duration { return s.meta.maxAge.or(s.f.opts.Cookie.MaxAge) }

// rollCookie sends the cookie of a loaded session again when a tenth of its Max-Age
// has passed. Without a note it was sent when the session began, at the latest. A note
// that lies as far in the future was made by a clock that was wrong.
func (s *Session) rollCookie(now time.Time) {
	if !s.rolls() {
		return
	}
	sent := s.meta.cookieSent
	if sent.IsZero() {
		sent = s.meta.created
	}
	if now.Sub(sent).Abs() >= max(s.cookieMaxAge()/10, time.Second) {
		s.roll, s.cookie = true, cookieSet
	}
}

// cookieSentAt returns the note for a record that is about to be written, to the
// address that the session has, or to a new one.
func (s *Session) cookieSentAt(now time.Time, same bool) time.Time {
	switch {
	case !s.rolls():
		return time.Time{}
	case same && s.cookie != cookieSet, s.cookieRefused():
		return s.meta.cookieSent
	}
	return now.Truncate(time.Second).UTC()
}
