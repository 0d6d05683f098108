package dbsc

import (
	"errors"
	"net/http"

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
	err = again(func() error {
		found, err := find(func(text string) bool {
			s, ok := parseState(text)
			return ok && s.offer.is(p.challenge)
		})
		if err != nil {
			return err
		}
		if found == nil {
			return errUsed
		}
		return found.Change(r.Context(), func(text string) (string, error) {
			s, ok := parseState(text)
			if !ok || s.bound() || !s.offer.is(p.challenge) || !b.near(s.offered, challengeLife) {
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

// mostTries is how often a request looks for its session, which may be renewed meanwhile.
const mostTries = 3

// again repeats what found that the session has another ID meanwhile.
func again(try func() error) (err error) {
	for range mostTries {
		if err = try(); !errors.Is(err, session.ErrGone) {
			return err
		}
	}
	return err
}
