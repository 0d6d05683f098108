package main

import (
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// password stands in for a table of users and a password hash.
const password = "correct horse"

func passwordIsRight(_, typed string) bool {
	return subtle.ConstantTimeCompare([]byte(typed), []byte(password)) == 1
}

func login(sessions *session.Factory) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return // the session's Handler answers
		}
		user := r.PostFormValue("user")
		if user == "" {
			goHome(w, r, s, "Who are you?")
			return
		}
		ticket, err := sessions.Ticket(r.Context(), user) // before the password is checked
		if err != nil {
			http.Error(w, "We will be back in a moment.", http.StatusServiceUnavailable)
			return
		}
		if !passwordIsRight(user, r.PostFormValue("password")) {
			goHome(w, r, s, "That is not the right password.")
			return
		}
		if r.PostFormValue("remember") != "" {
			s.Remember(30 * 24 * time.Hour)
		}
		if err := s.Login(r.Context(), user, session.WithTicket(ticket)); err != nil {
			return // the session's Handler answers
		}
		goHome(w, r, s, "Welcome, "+user+".")
	}
}

func logout(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // the session's Handler answers
	}
	if err := s.Invalidate(r.Context()); err != nil {
		return // the session's Handler answers
	}
	goHome(w, r, s, "You are logged out.") // s is a new session now
}

func goHome(w http.ResponseWriter, r *http.Request, s *session.Session, message string) {
	s.Flash("", message)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
