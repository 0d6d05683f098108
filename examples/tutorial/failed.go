package main

import (
	"errors"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// sessionFailed answers in place of a page whose session could not be loaded
// or saved. The error is for the log: it may say where Redis is.
func sessionFailed(w http.ResponseWriter, _ *http.Request, err error) {
	switch {
	case errors.Is(err, session.ErrGone), errors.Is(err, session.ErrEnded):
		http.Error(w, "You have logged in or out elsewhere. Reload the page.", http.StatusConflict)
	case errors.Is(err, session.ErrUnavailable):
		w.Header().Set("Retry-After", "5")
		http.Error(w, "We will be back in a moment.", http.StatusServiceUnavailable)
	default:
		http.Error(w, "Something went wrong. It is not your fault.", http.StatusInternalServerError)
	}
}
