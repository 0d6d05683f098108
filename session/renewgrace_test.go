package session_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A browser that never got the cookie of a renewed session comes back with the
// old one: for a moment it is taken for a request that was under way, and then
// it gets a new session, not an error for ever.
func TestOldCookieAfterARenewal(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration
		again time.Duration // between later loads, which prolong what is in Redis
		saved bool
	}{
		{"under way", 4 * time.Second, 0, false},
		{"a moment later", 5 * time.Second, 0, true},
		{"after the marker", 61 * time.Second, 0, true},
		{"after the marker, which was loaded again and again", 61 * time.Second, 20 * time.Second, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newTestFactory(t, newMemStore(), nil)
				v := newVisitor(t, f)
				v.visit(func(s *session.Session) { s.Set("user", "ann") })
				old := v.request()
				v.visit(func(s *session.Session) {
					if err := s.Renew(context.Background()); err != nil {
						t.Error(err)
					}
				})
				late := visitorWith(t, f, old)
				read := func() {
					late.visit(func(s *session.Session) {
						if s.Has("user") {
							t.Error("the old cookie still opens the session")
						}
					})
				}
				for rest := test.after; rest > 0; {
					step := test.after
					if test.again > 0 {
						step = min(rest, test.again)
					}
					pass(step)
					rest -= step
					read()
				}
				resp := late.serve(withSession(t, f, func(s *session.Session) {
					s.Set("cart", "apples")
				}))
				if saved := resp.StatusCode == http.StatusOK && len(resp.Cookies()) == 1; saved != test.saved {
					t.Errorf("a new session was saved: %v, want %v (status %d)", saved, test.saved, resp.StatusCode)
				}
				if !test.saved && len(resp.Cookies()) != 0 {
					t.Error("the response touches the new cookie")
				}
			})
		})
	}
}

// The marker of a renewal is there for a minute, however often a request with the
// old cookie comes, and whatever the sessions' own timeout is.
func TestMarkerLastsAMinute(t *testing.T) {
	for name, edit := range map[string]func(*session.Options){
		"idle timeout":  nil,
		"never":         func(o *session.Options) { o.IdleTimeout = session.Never },
		"trigger":       func(o *session.Options) { o.TouchAfter = time.Minute },
		"in the record": func(o *session.Options) { o.ExpiryInRecord = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				f := newTestFactory(t, store, edit)
				v := newVisitor(t, f)
				v.visit(func(s *session.Session) { s.Set("user", "ann") })
				old := v.request()
				key := slices.Collect(maps.Keys(store.records))[0]
				v.visit(func(s *session.Session) {
					if err := s.Renew(context.Background()); err != nil {
						t.Error(err)
					}
				})
				end := time.Now().Add(time.Minute)
				for time.Until(end) > 0 {
					visitorWith(t, f, old).visit(func(s *session.Session) { s.Get("user") })
					if got := store.records[key].expires; !got.Equal(end) {
						t.Fatalf("the marker stays until %v, want %v", got, end)
					}
					pass(20 * time.Second)
				}
				if _, err := store.Load(t.Context(), key, 0); !errors.Is(err, session.ErrNotFound) {
					t.Errorf("after a minute the marker is still there: %v", err)
				}
			})
		})
	}
}

func TestLogoutWithTheOldCookieEndsTheSuccessor(t *testing.T) {
	for _, after := range []time.Duration{0, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			store := newMemStore()
			f := newTestFactory(t, store, nil)
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("user", "ann") })
			old := v.request()
			v.visit(func(s *session.Session) {
				if err := s.Renew(context.Background()); err != nil {
					t.Error(err)
				}
			})
			pass(after)
			late := visitorWith(t, f, old)
			late.visit(func(s *session.Session) {
				if err := s.Invalidate(context.Background()); err != nil && !errors.Is(err, session.ErrGone) {
					t.Error(err)
				}
			})
			v.visit(func(s *session.Session) {
				if s.Has("user") {
					t.Errorf("%s after the renewal, a logout with the old cookie left the successor", after)
				}
			})
		})
	}
}
