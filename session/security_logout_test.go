package session_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// TestLogoutIsNeverUndone ends a session while other requests, which have
// loaded it already, do all they can to it: 1,000 times, in whatever order it
// happens. Afterwards no cookie leads to its data.
func TestLogoutIsNeverUndone(t *testing.T) {
	uses := map[string]func(t *testing.T, s *session.Session) error{
		"set":   func(_ *testing.T, s *session.Session) error { s.Set("k", 1); return nil },
		"flash": func(_ *testing.T, s *session.Session) error { s.Flash("", "hello"); return nil },
		"clear": func(_ *testing.T, s *session.Session) error { s.Clear(); return nil },
		"timeout": func(_ *testing.T, s *session.Session) error {
			s.AdjustTimeout(session.DefaultIdleTimeout / 2)
			return nil
		},
		"token": func(t *testing.T, s *session.Session) error { _, err := s.CSRFToken(t.Context()); return err },
		"renew": func(t *testing.T, s *session.Session) error { return s.Renew(t.Context()) },
		"read":  func(*testing.T, *session.Session) error { return nil },
	}
	for range 1000 {
		store := newMemStore()
		f := newTestFactory(t, store, func(o *session.Options) {
			discardLog(o)
			o.ExpiryInRecord = rand.N(2) == 0 // reading then writes
		})
		cookie := seed(t, f)
		request := func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(cookie)
			return r
		}
		given := make(chan *http.Cookie, len(uses))
		start := make(chan struct{})
		var ready, done sync.WaitGroup
		serve := func(use func(s *session.Session) error) {
			ready.Add(1)
			pauses := rand.N(20)
			done.Go(func() {
				w := httptest.NewRecorder()
				f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					ready.Done()
					if err != nil {
						t.Error(err)
						return
					}
					<-start
					for range pauses {
						runtime.Gosched()
					}
					if err := use(s); err != nil && !errors.Is(err, session.ErrGone) {
						t.Error(err)
					}
				})).ServeHTTP(w, request())
				for _, c := range w.Result().Cookies() {
					if c.MaxAge >= 0 {
						given <- c
					}
				}
			})
		}
		for _, use := range uses {
			serve(func(s *session.Session) error { return use(t, s) })
		}
		serve(func(s *session.Session) error { return s.Invalidate(t.Context()) })
		ready.Wait()
		close(start)
		done.Wait()
		close(given)

		left := []*http.Cookie{cookie}
		for c := range given {
			left = append(left, c)
		}
		for _, c := range left {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(c)
			if s, err := f.Get(r); err != nil || s.Has("seed") {
				t.Fatalf("the session is back (%v)", err)
			}
		}
	}
}

// A logout without a load asks StoreFor once, and so does a page that goes on with the
// session afterwards.
func TestLogoutAsksForItsStoreOnce(t *testing.T) {
	store, asked := newMemStore(), 0
	f := newTestFactory(t, nil, func(o *session.Options) {
		o.StoreFor = func(*http.Request) (session.Store, error) { asked++; return store, nil }
	})
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("name", "Ada") })
	asked = 0
	v.serve(func(_ http.ResponseWriter, r *http.Request) {
		if err := f.Invalidate(r); err != nil {
			t.Error(err)
		}
		s, err := f.Get(r)
		if err != nil || s.Has("name") {
			t.Errorf("after the logout: %v, %v", s.Keys(), err)
		}
		s.Set("cart", "apples")
	})
	if asked != 1 || len(store.records) != 1 {
		t.Errorf("StoreFor was asked %d times, want once; %d records", asked, len(store.records))
	}
}
