package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A session that was ended from another device is gone: its cookie names nothing
// any more, and the visitor gets a new, empty session as anybody does. So that the
// next page can say what happened, a second cookie notes that there was a login,
// and until when it would have lasted. It proves nothing and opens nothing:
// whoever makes one up is told that he was logged out.
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

// forgetLogin deletes the note: who logs out needs no telling.
func forgetLogin(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: loginNote, Path: "/", MaxAge: -1})
}

// whyLoggedOut returns what to tell a visitor who is not logged in, but whose
// browser has the note. He is told once. Sessions also end early when Redis loses
// them, as the one inside the program does when it ends; the text says so.
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
