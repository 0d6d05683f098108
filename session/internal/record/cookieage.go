package record

import (
	"encoding/binary"
	"math"
	"time"
)

// MaxCookieAge is the longest Max-Age that browsers keep, RFC 6265bis 5.6.1.
const MaxCookieAge = 400 * 24 * time.Hour

// The header's last field holds the session's own max age and when its cookie was sent
// last. It has three forms:
//
//	-1               the factory's max age, and no note
//	0 .. MaxCookieAge the session's own max age in milliseconds, and no note
//	otherwise        when the cookie was sent, in seconds since 1970 (32 bits), and the
//	                 session's own max age in seconds (32 bits), all ones for the factory's
//
// The first two are what records held before there was a note, and what they hold while
// the cookie has no Max-Age.
const factoryMaxAge = math.MaxUint32

// firstNote is the second of 1970 from which on a note cannot be mistaken for a max age in
// milliseconds. A clock that shows an earlier time is not set: its cookies have no note.
const firstNote = int64(MaxCookieAge/time.Millisecond)>>32 + 1

// appendCookie appends the field.
func appendCookie(dst []byte, m Meta) []byte {
	if m.CookieSent.Unix() < firstNote {
		return appendOwn(dst, m.MaxAge)
	}
	maxAge := uint32(factoryMaxAge)
	if m.MaxAge.Set {
		maxAge = uint32(WholeCookieAge(m.MaxAge.Duration) / time.Second)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(m.CookieSent.Unix()))
	return binary.BigEndian.AppendUint32(dst, maxAge)
}

// parseCookie reads the field.
func parseCookie(b []byte) (maxAge Override, sent time.Time) {
	ms := int64(binary.BigEndian.Uint64(b))
	if ms >= -1 && ms <= MaxCookieAge.Milliseconds() {
		return parseOwn(b), time.Time{}
	}
	seconds, age := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if age != factoryMaxAge {
		maxAge = Override{true, min(time.Duration(age)*time.Second, MaxCookieAge)}
	}
	if int64(seconds) < firstNote {
		return maxAge, time.Time{}
	}
	return maxAge, time.Unix(int64(seconds), 0).UTC()
}

// WholeCookieAge returns a max age rounded up to whole seconds, as the cookie has it.
func WholeCookieAge(d time.Duration) time.Duration {
	d = min(max(d, 0), MaxCookieAge)
	return (d + time.Second - 1).Truncate(time.Second)
}
