package session

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// cookieLines are the lines of the Set-Cookie header that a factory sends. All
// but the value is the same for nearly all of them, and is made once
// (BenchmarkCookie/set).
type cookieLines struct {
	opts  CookieOptions
	plain linePair // what follows the value in the line of a cookie of browser scope
	gone  linePair // the line that deletes the cookie
}

// linePair is a text for requests without TLS and one for those with it.
type linePair struct{ open, tls string }

func (p linePair) of(tls bool) string {
	if tls {
		return p.tls
	}
	return p.open
}

// newCookieLines takes options that have been checked.
func newCookieLines(c CookieOptions) cookieLines {
	tail := func(tls bool) string {
		return strings.TrimPrefix(c.cookie("v", 0, tls).String(), c.Name+"=v")
	}
	return cookieLines{
		opts:  c,
		plain: linePair{tail(false), tail(true)},
		gone:  linePair{c.deletion(false).String(), c.deletion(true).String()},
	}
}

// set returns the line that sets the cookie to value, which has been checked, for
// maxAge, 0 being browser scope.
func (l *cookieLines) set(value string, maxAge time.Duration, tls bool) string {
	if maxAge == 0 && !strings.ContainsAny(value, " ,") { // net/http quotes a value with these
		return l.opts.Name + "=" + value + l.plain.of(tls)
	}
	return l.opts.cookie(value, maxAge, tls).String()
}

// put puts a line into h as the only one of its cookie, and keeps shared caches
// from storing the response unless the handler has its own say.
func (l *cookieLines) put(h http.Header, line string) {
	all := slices.DeleteFunc(slices.Clone(h["Set-Cookie"]), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return strings.TrimSpace(name) == l.opts.Name
	})
	h["Set-Cookie"] = append(all, line)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
}
