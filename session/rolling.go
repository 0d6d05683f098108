package session

import "time"

// The rolling cookie: a browser drops a cookie when its Max-Age has passed since it
// was sent, however much its visitor does. So the cookie of an active visitor is sent
// again when a tenth of its Max-Age has passed since it was sent last. A native record
// notes when that was (record.Meta.CookieSent); the Pyramid records have no room for it.

// rolls reports whether the session's cookie has a Max-Age, and its record room to
// note when it was sent.
func (s *Session) rolls() bool {
	return s.f.opts.Format == FormatNative && s.cookieMaxAge() > 0
}

func (s *Session) cookieMaxAge() time.Duration { return s.meta.MaxAge.Or(s.f.opts.Cookie.MaxAge) }

// rollCookie sends the cookie of a loaded session again when a tenth of its Max-Age
// has passed. Without a note it was sent when the session began, at the latest. A note
// that lies as far in the future was made by a clock that was wrong.
func (s *Session) rollCookie(now time.Time) {
	if !s.rolls() {
		return
	}
	sent := s.meta.CookieSent
	if sent.IsZero() {
		sent = s.meta.Created
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
		return s.meta.CookieSent
	}
	return now.Truncate(time.Second).UTC()
}
