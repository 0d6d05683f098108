package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A session that was ended from another device is gone from Redis: its cookie names
// nothing any more, and the library begins a new, empty session, as for a first
// visit. So that the next page can say what happened, a second cookie notes that
// there was a login, and until when its session lasts. The note opens nothing: who
// makes one up sees a notice and no more.
const loginNote = "guestbook_login"

// noteLogin sets the note. Every page for somebody who is logged in does, because
// every request restarts the session's timeout.
func noteLogin(w http.ResponseWriter, s *session.Session) {
	until, _ := s.Expires()
	note := http.Cookie{
		Name: loginNote, Value: strconv.FormatInt(until.Unix(), 10),
		Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if s.Timeout() == rememberFor {
		note.MaxAge = int(rememberFor / time.Second) // as long as the session's own cookie
	}
	http.SetCookie(w, &note)
}

// forgetLogin deletes the note: who logs out here knows it.
func forgetLogin(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: loginNote, Path: "/", MaxAge: -1})
}

// whyLoggedOut returns what to tell a visitor who is not logged in but whose browser
// has the note, which it deletes: the notice is shown once. A session also ends
// early when Redis loses it, as the Redis inside the program does when the program
// ends. The note cannot tell the two apart, and so the text names both.
func (a *app) whyLoggedOut(w http.ResponseWriter, r *http.Request) string {
	note, err := r.Cookie(loginNote)
	if err != nil {
		return ""
	}
	forgetLogin(w)
	seconds, err := strconv.ParseInt(note.Value, 10, 64)
	if err != nil {
		return ""
	}
	until := time.Unix(seconds, 0)
	if !until.IsZero() && a.now().After(until) { // zero: the session had no timeout
		return "You were away for too long, so you were logged out."
	}
	return "You were logged out from another device, or the guestbook has lost its sessions."
}
