package record

import (
	"testing"
	"time"
)

// Records from before there was a note keep the session's own max age, and so do those
// to which the note is added.
func TestCookieFieldOfOldRecords(t *testing.T) {
	at := addressOf("session:", "id")
	created := time.UnixMilli(1700000000123).UTC()
	for _, maxAge := range []Override{{}, {true, 0}, {true, 90 * time.Second}, {true, 1500 * time.Millisecond}, {true, MaxCookieAge}} {
		old := Meta{Created: created, MaxAge: maxAge}
		record := appendHeader(nil, kindLazy, at, old)
		if string(record[44:headerLen]) != string(appendOwn(nil, maxAge)) {
			t.Errorf("%v: without a note the record is not what it was", maxAge)
		}
		_, m, _, err := parseHeader(at, record)
		if err != nil || m.MaxAge != maxAge || !m.CookieSent.IsZero() {
			t.Errorf("%v is read as %v, %v, %v", maxAge, m.MaxAge, m.CookieSent, err)
		}
		m.CookieSent = created.Add(24 * time.Hour)
		_, noted, _, err := parseHeader(at, appendHeader(nil, kindLazy, at, m))
		if want := (Override{maxAge.Set, WholeCookieAge(maxAge.Duration)}); err != nil || noted.MaxAge != want || noted.CookieSent.Unix() != m.CookieSent.Unix() {
			t.Errorf("with a note %v is read as %v, %v, %v", maxAge, noted.MaxAge, noted.CookieSent, err)
		}
	}
}
