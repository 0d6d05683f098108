package dbsc

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

const (
	// cookieSuffix follows the name of the session's cookie.
	cookieSuffix = "_bound"
	// cookieKind begins what is signed. An application's signer may sign session IDs with
	// the same key: none of those begins like this.
	cookieKind = "redissessions.bound."
	// maxCookies is how many cookies of the name are looked at.
	maxCookies = 8
)

// boundName returns the name of the bound cookie, with the prefix of the session's cookie, so
// that a browser enforces the same of both. Chromium 156 does not refresh a cookie with
// __Http- or __Host-Http-: it then is one with __Secure- or __Host-.
func boundName(name string) string {
	lower := strings.ToLower(name)
	for from, to := range map[string]string{"__http-": "__Secure-", "__host-http-": "__Host-"} {
		if strings.HasPrefix(lower, from) {
			return to + name[len(from):] + cookieSuffix
		}
	}
	return name + cookieSuffix
}

// boundCookie is the short-lived cookie of bound sessions. Its value is signed with the
// factory's secret and says to which session it belongs, when it was made, and for how long
// it is good: that is checked without asking Redis.
type boundCookie struct {
	options session.CookieOptions // of the session's cookie
	name    string
	life    time.Duration
	signer  session.Signer
}

// make returns a cookie that is good from now on.
func (c *boundCookie) make(id nonce, now time.Time) (*http.Cookie, error) {
	text := cookieKind + id.String() + "." + strconv.FormatInt(now.UnixMilli(), 10) + "." + strconv.FormatInt(c.life.Milliseconds(), 10)
	value, err := c.signer.Sign(text)
	if err != nil {
		return nil, err
	}
	ck := c.attributes()
	ck.Value = value
	ck.MaxAge = int((min(c.life, session.MaxCookieAge) + time.Second - 1) / time.Second)
	return ck, nil
}

// checkSigner returns an error for an application's signer that signs session IDs only: each
// registration would lock its user out.
func (c *boundCookie) checkSigner(now time.Time) error {
	id := nonce{1, 2, 3}
	ck, err := c.make(id, now)
	if err == nil {
		err = (&http.Cookie{Name: "bound", Value: ck.Value}).Valid()
	}
	if err == nil && !c.good(ck.Value, id, now) {
		err = errors.New("it does not verify the value that it made")
	}
	if err != nil {
		return fmt.Errorf("cookie_signer (Options.Signer) must sign any text, and cannot sign the bound cookie's: %w", err)
	}
	return nil
}

// attributes are those of the session's cookie, but always Secure and HttpOnly and never
// Partitioned.
func (c *boundCookie) attributes() *http.Cookie {
	return &http.Cookie{
		Name: c.name, Path: c.options.Path, Domain: c.options.Domain,
		Secure: true, HttpOnly: true, SameSite: c.options.SameSite,
	}
}

// described is the cookie's attributes as the instructions to the browser have them: the
// Set-Cookie line without the value and without Max-Age.
func (c *boundCookie) described() string {
	_, attributes, _ := strings.Cut(c.attributes().String(), "; ")
	return attributes
}

func (c *boundCookie) deletion() *http.Cookie {
	ck := c.attributes()
	ck.MaxAge, ck.Expires = -1, time.Unix(1, 0)
	return ck
}

// among reports whether one of the cookies of a request is good for the session with an
// identifier.
func (c *boundCookie) among(lines []string, id nonce, now time.Time) bool {
	tried := 0
	for _, line := range lines {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			name, value, _ := strings.Cut(strings.TrimLeft(part, " \t"), "=")
			if name != c.name {
				continue
			}
			if tried++; tried > maxCookies {
				return false
			}
			if c.good(strings.TrimRight(value, " \t"), id, now) {
				return true
			}
		}
	}
	return false
}

// good reports whether a value is that of a cookie for a session. One that was made in the
// future, by a server whose clock is further ahead than the grace, is not: it would be good
// for longer than it should.
func (c *boundCookie) good(value string, id nonce, now time.Time) bool {
	text, err := c.signer.Verify(value)
	if err != nil {
		return false
	}
	text, ok := strings.CutPrefix(text, cookieKind)
	if !ok {
		return false
	}
	of, text, _ := strings.Cut(text, ".")
	made, life, _ := strings.Cut(text, ".")
	madeAt, err1 := strconv.ParseInt(made, 10, 64)
	millis, err2 := strconv.ParseInt(life, 10, 64)
	if err1 != nil || err2 != nil || !id.is(of) {
		return false
	}
	lasts := time.Duration(millis) * time.Millisecond
	age, late := now.Sub(time.UnixMilli(madeAt)), grace(lasts)
	return -late < age && age < lasts+late
}
