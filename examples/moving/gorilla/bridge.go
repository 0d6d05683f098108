// Package gorilla moves the visitors of an application from gorilla/sessions without
// logging them out.
package gorilla

import (
	"errors"
	"net/http"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/pyramidgo/redissessions/session"
)

// Bridge reads sessions of the old store. The new cookie has another name than the old
// one.
type Bridge struct {
	Old  sessions.Store
	Name string // of the old session, which is its cookie's
}

// oldFlashes is where gorilla/sessions keeps the messages of the default queue.
const oldFlashes = "_flash"

// Handler goes inside the new sessions' Handler. A visitor who comes with an old
// session only gets a new one that holds its values; those whose keys are no text are
// left out. The old one ends with the first request that brings the new cookie too: by
// then the browser has it, and no request of another tab needs the old one any more.
func (b Bridge) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(b.Name); err != nil {
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
		old, err := b.load(r)
		if err != nil {
			unavailable(w)
			return
		}
		for key, value := range old.Values {
			name, ok := key.(string)
			switch messages, isList := value.([]any); {
			case !ok:
			case name == oldFlashes && isList:
				for _, m := range messages {
					s.Flash("", m)
				}
			default:
				s.Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// End ends the old session of a request, if it has one, and deletes its cookie. Call it
// at logout, before Session.Invalidate: the old session would otherwise log the visitor
// in again. When it returns false it has answered.
func (b Bridge) End(w http.ResponseWriter, r *http.Request) bool {
	if _, err := r.Cookie(b.Name); err != nil {
		return true
	}
	old, err := b.load(r)
	if err == nil {
		old.Options.MaxAge = -1
		err = b.Old.Save(r, w, old)
	}
	if err != nil {
		unavailable(w)
		return false
	}
	return true
}

// load reads the old session. A cookie that does not verify is no session.
func (b Bridge) load(r *http.Request) (*sessions.Session, error) {
	old, err := b.Old.New(r, b.Name)
	if decode, ok := errors.AsType[securecookie.Error](err); ok && decode.IsDecode() {
		err = nil
	}
	return old, err
}

func unavailable(w http.ResponseWriter) {
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}
