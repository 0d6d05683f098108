package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// since returns a factory with ValidSince.
func since(t *testing.T, store session.Store, edit func(*session.Options), at time.Time) *session.Factory {
	return newTestFactory(t, store, func(o *session.Options) { edit(o); o.ValidSince = at })
}

// A session that began before ValidSince has ended, to the moment, and those that begin
// from then on have not.
func TestValidSince(t *testing.T) {
	for timing, edit := range timings {
		for _, part := range []time.Duration{0, 300 * time.Microsecond, 999*time.Millisecond + 900*time.Microsecond} {
			t.Run(timing+"/"+part.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					pass(part)
					store := newMemStore()
					v := newVisitor(t, newTestFactory(t, store, edit))
					v.visit(func(s *session.Session) { s.Set("a", 1) })
					v.f = since(t, store, edit, time.Now().Add(-time.Hour))
					v.visit(func(s *session.Session) {
						if s.IsNew() {
							t.Error("a session that began after ValidSince has ended")
						}
					})
					pass(time.Microsecond)
					v.f = since(t, store, edit, time.Now())
					for range 2 {
						v.visit(func(s *session.Session) {
							if !s.IsNew() {
								t.Error("a session that began before ValidSince has not ended")
							}
						})
					}
					if len(store.records) != 0 {
						t.Error("its record stays")
					}
					v.visit(func(s *session.Session) { s.Set("b", 1) })
					for range 2 {
						v.visit(func(s *session.Session) {
							if s.IsNew() || !s.Has("b") {
								t.Error("a session that began at ValidSince has ended")
							}
							if late := time.Until(s.Created()); late > 2*time.Second {
								t.Errorf("it is dated %v ahead", late)
							}
						})
					}
				})
			})
		}
	}
}

// The hook is told, and every other way to the session is closed too.
func TestValidSinceEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, store, nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		v.stream(func(s *session.Session) {
			pass(time.Minute)
			session.OptionsOf(session.FactoryOf(s)).ValidSince = time.Now()
			if err := s.Touch(context.Background()); !errors.Is(err, session.ErrGone) {
				t.Errorf("Touch: %v", err)
			}
		})
		session.OptionsOf(v.f).ValidSince = time.Time{}
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		pass(time.Minute)
		var told error
		v.f = newTestFactory(t, store, func(o *session.Options) {
			o.ValidSince = time.Now()
			o.OnInvalid = func(_ *http.Request, err error) { told = err }
		})
		v.visit(func(s *session.Session) {
			if !s.IsNew() {
				t.Error("the session is there")
			}
		})
		if !errors.Is(told, session.ErrOutdated) || !errors.Is(told, session.ErrNotFound) {
			t.Errorf("the hook was told %v", told)
		}
	})
}
