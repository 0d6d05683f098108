package dbsc

import (
	"errors"
	"net/http"
	"strings"

	"github.com/pyramidgo/redissessions/session"
)

// errUsed is for a challenge that another registration has used, or that is too old.
var errUsed = errors.New("dbsc: the challenge is not good any more")

// serveRegistration binds the session of the request's cookie to the key in the proof, when
// that signs the challenge which the login's response has offered. The offer is consumed by
// the save that keeps the key: of two registrations one succeeds.
func (b *binding) serveRegistration(w http.ResponseWriter, r *http.Request, find finder) {
	text, err := field(r.Header[responseHeader])
	if err != nil {
		refuseMalformed(w, err)
		return
	}
	p, err := parseProof(text, true)
	if err != nil {
		refuseMalformed(w, err)
		return
	}
	if !p.signedBy(p.key) {
		refuse(w, http.StatusForbidden)
		return
	}
	var id nonce
	challenge, ref, _ := strings.Cut(p.challenge, refSeparator)
	if !b.withoutCookie(r) {
		ref = ""
	}
	err = again(func() error {
		found, err := find(ref, func(text string) bool {
			s, ok := parseState(text)
			return ok && s.offer.is(challenge)
		})
		if err != nil {
			return err
		}
		if found == nil {
			return errUsed
		}
		return found.Change(r.Context(), func(text string) (string, error) {
			s, ok := parseState(text)
			if !ok || s.bound() || !s.offer.is(challenge) || !b.near(s.offered, challengeLife) {
				return "", errUsed
			}
			now := b.now()
			s.registered, s.refreshed, s.key, s.offer = now, now, p.key, nonce{}
			id = s.id
			return s.String(), nil
		})
	})
	switch {
	case err == nil:
		b.answerBound(w, id)
	case errors.Is(err, errUsed), errors.Is(err, session.ErrGone):
		refuse(w, http.StatusForbidden)
	default:
		unavailable(w)
	}
}

// withoutCookie reports whether a registration comes from a browser that has left out the
// session's cookie: Chromium does where another site has begun the navigation to the login,
// and the cookie has SameSite. The challenge alone then names the session. The challenge and
// the cookie were in one response, that of the login: a client that has the challenge has
// the cookie too. A page's script can send the proof's header, but not in this mode.
func (b *binding) withoutCookie(r *http.Request) bool {
	return len(r.CookiesNamed(b.cookie.options.Name)) == 0 &&
		r.Header.Get("Sec-Fetch-Site") == "same-origin" && r.Header.Get("Sec-Fetch-Mode") == "no-cors"
}

// mostTries is how often a request looks for its session, which may be renewed meanwhile.
const mostTries = 3

// again repeats a try whose session has got another ID, or has ended, while it ran.
func again(try func() error) (err error) {
	for range mostTries {
		if err = try(); !errors.Is(err, session.ErrGone) {
			return err
		}
	}
	return err
}
