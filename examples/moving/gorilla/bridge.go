// Package gorilla moves the visitors of an application from gorilla/sessions without
// logging them out.
package gorilla

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/pyramidgo/redissessions/session"
)

// Bridge reads sessions of the old store. The new cookie has another name than the old
// one.
type Bridge struct {
	Old  sessions.Store
	Name string // of the old session, which is its cookie's
	// User returns the user who is logged in to an old session, or "". Session.Login makes the
	// new session that user's. Nil: the values are copied, and Session.User is "".
	User func(old *sessions.Session) string
	// Queues are the flash queues of the old application, besides the default one.
	Queues []string
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
			name, isText := key.(string)
			messages, isList := value.([]any)
			switch {
			case !isText:
			case isList && name == oldFlashes:
				flash(s, "", messages)
			case isList && slices.Contains(b.Queues, name):
				flash(s, name, messages)
			default:
				s.Set(name, value)
			}
		}
		if !b.login(r.Context(), s, old) {
			unavailable(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func flash(s *session.Session, queue string, messages []any) {
	for _, m := range messages {
		s.Flash(queue, m)
	}
}

// login makes the new session that of the old one's user, if there is one.
func (b Bridge) login(ctx context.Context, s *session.Session, old *sessions.Session) bool {
	if b.User == nil || b.User(old) == "" {
		return true
	}
	err := s.Login(ctx, b.User(old))
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
