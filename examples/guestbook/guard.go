package main

import (
	"errors"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// maxForm bounds what a form may send; the longest message is far below it.
const maxForm = 16 << 10

// guarded returns the session of a request that changes something, once the
// form's CSRF token proves that the form is one of ours. Otherwise it has
// answered. It does not use session.CSRFProtection, so that it can show what
// was typed once more, with a new token.
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
	switch err := session.CheckCSRF(r); {
	case err == nil:
		return s, true
	case errors.Is(err, session.ErrCSRF):
		d := typed(r)
		d.OutOfDate = true
		a.showHome(w, r, s, http.StatusForbidden, d)
	default:
		fail(w, r, err)
	}
	return nil, false
}

// guardedLogin is guarded for what only somebody who is logged in may do.
func (a *app) guardedLogin(w http.ResponseWriter, r *http.Request) (*session.Session, bool) {
	s, ok := a.guarded(w, r)
	if ok && s.User() == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil, false
	}
	return s, ok
}
