// Package scs moves the visitors of an application from alexedwards/scs without
// logging them out.
package scs

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/pyramidgo/redissessions/session"
)

// Bridge reads sessions of the old manager. The new cookie has another name than the
// old one.
type Bridge struct {
	Old *scs.SessionManager
	// User returns the user who is logged in to an old session, or "". Session.Login makes the
	// new session that user's. Nil: the values are copied, and Session.User is "".
	User func(old context.Context) string
}

// oldRemembered is where scs keeps what RememberMe has set.
const oldRemembered = "__rememberMe"

// Handler goes inside the new sessions' Handler, in the place of Old.LoadAndSave. A
// visitor who comes with an old session only gets a new one that holds its data. The
// old one ends with the first request that brings the new cookie too: by then the
// browser has it, and no request of another tab needs the old one any more.
func (b Bridge) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(b.Old.Cookie.Name)
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		s, err := session.FromRequest(r)
		if err != nil {
			return // the session's error handler answers
		}
		if !s.IsNew() {
			if !b.End(w, r) {
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		old, err := b.Old.Load(r.Context(), cookie.Value)
		if err != nil {
			unavailable(w)
			return
		}
		for _, key := range b.Old.Keys(old) {
			if key != oldRemembered {
				s.Set(key, b.Old.Get(old, key))
			}
		}
		if b.Old.GetBool(old, oldRemembered) {
			s.Remember(time.Until(b.Old.Deadline(old)))
		}
		if !b.login(old, s) {
			unavailable(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// login makes the new session that of the old one's user, if there is one.
func (b Bridge) login(old context.Context, s *session.Session) bool {
	if b.User == nil || b.User(old) == "" {
		return true
	}
	err := s.Login(old, b.User(old))
	if errors.Is(err, session.ErrTooManySessions) {
		s.Clear() // the visitor is left to the login form, which can say why
		return true
	}
	return err == nil
}

// End ends the old session of a request, if it has one, and deletes its cookie. Call it
// at logout, before Session.Invalidate: the old session would otherwise log the visitor
// in again. When it returns false it has answered.
func (b Bridge) End(w http.ResponseWriter, r *http.Request) bool {
	cookie, err := r.Cookie(b.Old.Cookie.Name)
	if err != nil {
		return true
	}
	old, err := b.Old.Load(r.Context(), cookie.Value)
	if err == nil {
		err = b.Old.Destroy(old)
	}
	if err != nil {
		unavailable(w)
		return false
	}
	http.SetCookie(w, &http.Cookie{Name: b.Old.Cookie.Name, Path: b.Old.Cookie.Path, Domain: b.Old.Cookie.Domain, MaxAge: -1})
	return true
}

func unavailable(w http.ResponseWriter) {
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}
