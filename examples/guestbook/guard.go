package main

import (
	"crypto/subtle"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// maxForm bounds what a form may send; the longest message is far below it.
const maxForm = 16 << 10

// tokenField is the hidden field of every form, as Pyramid names it.
const tokenField = "csrf_token"

// guarded returns the session of a request that changes something, once the
// form's CSRF token proves that the form is one of ours. Otherwise it has
// answered: with the page, what was typed still in it, and a new token.
func (a *app) guarded(w http.ResponseWriter, r *http.Request) (*session.Session, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		showProblem(w, http.StatusBadRequest, "That form could not be read", "It was longer than this page sends, or it was cut short.")
		return nil, false
	}
	s, err := a.sessions.Get(r)
	if err != nil {
		return nil, false // the session handler answers: see sessionFailed
	}
	known := !s.IsNew() // a new session has not handed out a token yet
	token, err := s.CSRFToken(r.Context())
	switch {
	case err != nil:
		fail(w, r, err)
	case !known || !sameToken(token, r.PostForm.Get(tokenField)):
		d := typed(r)
		d.OutOfDate = true
		a.showHome(w, r, s, http.StatusForbidden, d)
	default:
		return s, true
	}
	return nil, false
}

// sameToken compares in constant time: how long it takes tells nothing of how
// much of a guess was right.
func sameToken(want, got string) bool {
	return subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}
