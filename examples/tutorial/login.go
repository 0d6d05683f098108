package main

import (
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// password stands in for a table of users and a password hash.
const password = "correct horse"

func login(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // sessionFailed answers
	}
	user := r.PostFormValue("user")
	if user == "" || subtle.ConstantTimeCompare([]byte(r.PostFormValue("password")), []byte(password)) != 1 {
		s.Flash("", "That is not the right password.")
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.Set("user", user)
	if r.PostFormValue("remember") != "" {
		s.Remember(30 * 24 * time.Hour)
	}
	s.Flash("", "Welcome, "+user+".")
	s.NewCSRFToken()
	if err := s.Renew(r.Context()); err != nil {
		sessionFailed(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func logout(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // sessionFailed answers
	}
	if err := s.Invalidate(r.Context()); err != nil {
		sessionFailed(w, r, err)
		return
	}
	s.Flash("", "You are logged out.") // s is a new session now
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
