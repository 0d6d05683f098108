package main

import (
	"fmt"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

func others(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // the session's Handler answers
	}
	if s.User() == "" {
		goHome(w, r, s, "Log in first.")
		return
	}
	n, err := s.EndOthers(r.Context())
	if err != nil {
		http.Error(w, "We will be back in a moment.", http.StatusServiceUnavailable)
		return
	}
	goHome(w, r, s, fmt.Sprintf("Sessions ended: %d.", n))
}
