package dbsc

import (
	"errors"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// verdict is the result of checking a refresh.
type verdict int

const (
	isUnknown    verdict = iota // the cookies lead to no session with that identifier
	isChallenged                // there is no proof, or it signs a challenge that is not good
	isProved
	isAnotherKey // the challenge is good, the signature is not
)

// serveRefresh answers a proof by a fresh bound cookie, and a request without a good one by
// a challenge. The identifier's header cannot be sent by a page's script.
//
// A replay is normal, from a browser that has no new challenge. A good challenge that
// another key has signed shows that the session's cookie was copied to another machine: the
// session ends.
func (b *binding) serveRefresh(w http.ResponseWriter, r *http.Request, find finder) {
	id, err := field(r.Header[sessionIDHeader])
	if err != nil {
		refuseMalformed(w, err)
		return
	}
	var p *proof
	if lines := r.Header[responseHeader]; len(lines) > 0 {
		text, err := field(lines)
		if err == nil {
			p, err = parseProof(text, false)
		}
		if err != nil {
			refuseMalformed(w, err)
			return
		}
	}
	was, s, err := b.judge(r, id, p, find)
	switch {
	case err != nil:
		unavailable(w)
	case was == isProved:
		b.answerBound(w, s.id)
	case was == isChallenged:
		w.Header().Set(challengeHeader, s.challenge())
		refuse(w, http.StatusForbidden)
	default:
		answerEnded(w, id)
	}
}

// judge finds the session with an identifier and uses up the challenge that the proof has
// signed, or makes one. It ends the session of a proof by another key. The state is what is
// stored afterwards.
func (b *binding) judge(r *http.Request, id string, p *proof, find finder) (was verdict, s state, err error) {
	checked, good := false, false
	err = again(func() error {
		was = isUnknown
		found, err := find("", func(text string) bool {
			s, ok := parseState(text)
			return ok && s.bound() && s.id.is(id)
		})
		if err != nil || found == nil {
			return err
		}
		err = found.Change(r.Context(), func(text string) (string, error) {
			var ok bool
			if s, ok = parseState(text); !ok || !s.bound() || !s.id.is(id) {
				was = isUnknown
				return text, nil
			}
			now := b.now()
			var signed *challenge
			if p != nil {
				signed = s.find(p.challenge, now)
			}
			if signed == nil {
				was = isChallenged
				if err := s.renew(now); err != nil {
					return "", err
				}
				return s.String(), nil
			}
			if !checked { // once, however often the record changes meanwhile
				checked, good = true, p.signedBy(s.key)
			}
			if !good {
				was = isAnotherKey
				return text, nil
			}
			was, signed.used, s.refreshed = isProved, true, now
			return s.String(), nil
		})
		if err == nil && was == isAnotherKey {
			err = found.End(r.Context())
		}
		return err
	})
	if errors.Is(err, session.ErrGone) {
		return isUnknown, s, nil
	}
	return was, s, err
}
