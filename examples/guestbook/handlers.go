package main

import (
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// rememberFor is how long "stay logged in" lasts.
const rememberFor = 30 * 24 * time.Hour

// home shows the book.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	s, err := a.sessions.Get(r)
	if err != nil {
		return // the session handler answers: see sessionFailed
	}
	// Modify counts right even when two tabs load at once.
	session.Modify(s, "visits", func(n int) int { return n + 1 })
	a.showHome(w, r, s, http.StatusOK, draft{})
}

// sign writes an entry and shows the book again. The redirect keeps a reload
// from signing twice; the flash message waits in the session for it.
func (a *app) sign(w http.ResponseWriter, r *http.Request) {
	s, ok := a.guarded(w, r)
	if !ok {
		return
	}
	d := typed(r)
	if s.User() != "" {
		d.Name = s.User()
	}
	d.NameError = check(d.Name, "your name", maxName)
	d.MessageError = check(d.Message, "a message", maxMessage)
	if d.NameError != "" || d.MessageError != "" {
		a.showHome(w, r, s, http.StatusUnprocessableEntity, d) // with what was typed
		return
	}
	a.book.add(entry{Name: d.Name, Message: d.Message, At: a.now()})
	s.Flash("book", "Thank you, "+d.Name+". You are in the book.")
	http.Redirect(w, r, "/#book", http.StatusSeeOther) // where the entry is, on a phone too
}

// login believes every name: who somebody is, is not what this example shows.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	s, ok := a.guarded(w, r)
	if !ok {
		return
	}
	d := typed(r)
	name := d.LoginName
	if d.LoginNameError = check(name, "a name", maxName); d.LoginNameError != "" {
		a.showHome(w, r, s, http.StatusUnprocessableEntity, d)
		return
	}
	// The ticket is drawn before the password is checked: when all sessions of the
	// user are ended in between, the password may be an old one, and Login fails.
	ticket, err := a.sessions.Ticket(r.Context(), name)
	if err != nil {
		fail(w, r, err)
		return
	}
	// Here an application with passwords checks the password.

	// Somebody else may be logged in: nothing of theirs is for the next one.
	if s.User() != "" {
		if err := s.Invalidate(r.Context()); err != nil {
			fail(w, r, err)
			return
		}
	}
	if r.PostForm.Has("remember") {
		s.Remember(rememberFor)
	}
	s.Flash("", "Hello, "+name+". You are logged in.")
	// Login gives the session a new ID and a new CSRF token: those from before the
	// login, which somebody may have seen or planted, are worth nothing after it.
	if err := s.Login(r.Context(), name, session.WithTicket(ticket)); err != nil {
		fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// logout ends the session in Redis, for every tab and every copy of its cookie.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	s, ok := a.guarded(w, r)
	if !ok {
		return
	}
	if err := s.Invalidate(r.Context()); err != nil {
		fail(w, r, err)
		return
	}
	forgetLogin(w)
	s.Flash("", "You are logged out.") // into the new session that s is now
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
