package session_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A login is clicked twice. The second POST comes with the old cookie, after the
// first has been answered or while it is under way: it is answered 200 by a new
// session, with what that request did and nothing of the old session.
func TestLoginClickedTwice(t *testing.T) {
	post := func(t *testing.T) func(*session.Session) {
		return func(s *session.Session) {
			list, _ := s.Get("list")
			if l, ok := list.([]any); ok {
				l[0] = "changed in place"
			}
			s.Modify("visits", func(any) any { return 1 })
			s.Flash("", "Hello.")
			s.AdjustTimeout(time.Hour)
			login(t)(s)
			s.Set("after", true)
		}
	}
	for _, of := range formats {
		name, format := of.String(), ofFormat(of)
		for _, when := range []string{"load", "create", "replace", "remove"} {
			if (when == "remove") == (name == "native") && when != "load" && when != "create" {
				continue // a renewal has one of the two
			}
			t.Run(name+"/before "+when, func(t *testing.T) {
				store := newMemStore()
				var v *siteVisitor
				racing := meanwhile(store, when, func() { v.visit(login(t)) })
				v = newVisitor(t, newTestFactory(t, store, format))
				v.visit(func(s *session.Session) {
					s.Update(map[string]any{"cart": "book", "list": []any{"private"}, session.CSRFKey: "token"})
				})
				second := visitorWith(t, newTestFactory(t, racing, format), v.request())
				resp := second.visit(post(t))
				if len(resp.Cookies()) != 1 {
					t.Fatalf("the second POST sets the cookies %v, want one", resp.Cookies())
				}
				second.visit(func(s *session.Session) {
					want := []string{"_f_", "after", "user", "visits"}
					if got := s.Keys(); !slices.Equal(got, want) {
						t.Errorf("the new session holds %v, want %v", got, want)
					}
					if n, _ := session.Value[int](s, "visits"); n != 1 || s.Timeout() != time.Hour {
						t.Errorf("visits is %d and the timeout %v", n, s.Timeout())
					}
				})
				v.visit(func(s *session.Session) {
					if got := s.Keys(); !slices.Equal(got, []string{"cart", "list", "user"}) {
						t.Errorf("the session of the first POST holds %v", got)
					}
				})
			})
		}
	}
}

// An edit that changes nothing in the old record is none to its save. In the new
// session that Renew begins in its place it counts, also after a conflict.
func TestRenewAfreshWithEqualEdits(t *testing.T) {
	for _, of := range formats {
		name, format := of.String(), ofFormat(of)
		t.Run(name, func(t *testing.T) {
			store := newMemStore()
			v := newVisitor(t, newTestFactory(t, store, format))
			v.visit(func(s *session.Session) { s.Update(map[string]any{"user": "ann", "lang": "en", "cart": "book"}) })
			closing := "replace"
			if name != "native" {
				closing = "remove"
			}
			racing := &meanwhileStore{store, map[string]func(){
				"create": func() { v.visit(func(s *session.Session) { s.Set("cart", "pen") }) },
				closing:  func() { v.visit(login(t)) },
			}}
			second := visitorWith(t, newTestFactory(t, racing, format), v.request())
			second.visit(func(s *session.Session) {
				s.Set("user", "ann")
				s.Pop("lang")
				s.SetDefault("lang", "en")
				if err := s.Renew(context.Background()); err != nil {
					t.Error(err)
				}
			})
			second.visit(func(s *session.Session) {
				if got := s.Keys(); !slices.Equal(got, []string{"lang", "user"}) {
					t.Errorf("the new session holds %v", got)
				}
			})
		})
	}
}

// With the cookie of a session that was renewed a moment ago every change is
// refused, also one that would change nothing in an empty session.
func TestChangesToARenewedSession(t *testing.T) {
	changes := map[string]func(s *session.Session){
		"Set":                  func(s *session.Session) { s.Set("a", 1) },
		"Set to nil":           func(s *session.Session) { s.Set("a", nil) },
		"Set and Pop":          func(s *session.Session) { s.Set("a", 1); s.Pop("a") },
		"SetDefault":           func(s *session.Session) { s.SetDefault("a", 1) },
		"Update":               func(s *session.Session) { s.Update(map[string]any{"a": 1}) },
		"Modify to nothing":    func(s *session.Session) { s.Modify("cart", func(any) any { return nil }) },
		"Delete":               func(s *session.Session) { s.Delete("cart") },
		"Delete of nothing":    func(s *session.Session) { s.Delete("never there") },
		"Clear":                func(s *session.Session) { s.Clear() },
		"Flash":                func(s *session.Session) { s.Flash("", "hello") },
		"FlashOnce":            func(s *session.Session) { s.FlashOnce("", "hello") },
		"Flash and PopFlash":   func(s *session.Session) { s.Flash("", "hello"); s.PopFlash("") },
		"NewCSRFToken":         func(s *session.Session) { s.NewCSRFToken() },
		"AdjustTimeout":        func(s *session.Session) { s.AdjustTimeout(session.DefaultIdleTimeout) },
		"AdjustCookieMaxAge":   func(s *session.Session) { s.AdjustCookieMaxAge(time.Hour) },
		"AdjustCookieMaxAge 0": func(s *session.Session) { s.AdjustCookieMaxAge(0) },
		"Remember":             func(s *session.Session) { s.Remember(time.Hour) },
		"Forget":               func(s *session.Session) { s.Forget() },
	}
	none := map[string]func(s *session.Session){
		"Get":      func(s *session.Session) { s.Get("cart") },
		"Pop":      func(s *session.Session) { s.Pop("cart") },
		"PopFlash": func(s *session.Session) { s.PopFlash("") },
		"Update":   func(s *session.Session) { s.Update(nil) },
	}
	try := func(t *testing.T, change func(s *session.Session)) (resp *http.Response, failed error) {
		f := newTestFactory(t, newMemStore(), func(o *session.Options) { discardLog(o); o.ErrorHandler = fails(&failed) })
		stopClock(f) // a moment is five seconds
		v := started(t, f)
		old := v.request()
		v.visit(login(t))
		resp = visitorWith(t, f, old).serve(func(_ http.ResponseWriter, r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				t.Fatal(err)
			}
			change(s)
		})
		return resp, failed
	}
	for name, change := range changes {
		if resp, err := try(t, change); !errors.Is(err, session.ErrGone) || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %v and the cookies %v, want ErrGone and none", name, err, resp.Cookies())
		}
	}
	for name, change := range none {
		if resp, err := try(t, change); err != nil || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %v and the cookies %v, want neither", name, err, resp.Cookies())
		}
	}
}

// A session that began anew owes nothing to the one that it could not see.
func TestInvalidateOfARenewedSessionLeavesNothingToSave(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := started(t, f)
	old := v.request()
	v.visit(login(t))
	visitorWith(t, f, old).visit(func(s *session.Session) {
		s.Clear()
		if err := s.Invalidate(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if len(store.records) != 0 {
		t.Errorf("%d records are left", len(store.records))
	}
}

// Renew makes the CSRF token that was there worthless: whoever planted the session
// may have read it.
func TestRenewMakesANewCSRFToken(t *testing.T) {
	for _, of := range formats {
		name, format := of.String(), ofFormat(of)
		t.Run(name, func(t *testing.T) {
			v := started(t, newTestFactory(t, newMemStore(), format))
			var planted, made string
			v.visit(func(s *session.Session) { planted, _ = s.CSRFToken(context.Background()) })
			v.visit(func(s *session.Session) {
				login(t)(s)
				if s.Has(session.CSRFKey) {
					t.Error("the token is there after the renewal")
				}
				made, _ = s.CSRFToken(context.Background())
			})
			if made == "" || made == planted {
				t.Errorf("the token after the renewal is %q, before it was %q", made, planted)
			}
			v.visit(func(s *session.Session) {
				if token, err := s.CSRFToken(context.Background()); err != nil || token != made {
					t.Errorf("the next request has the token %q (%v), want %q", token, err, made)
				}
				made = s.NewCSRFToken()
				login(t)(s)
			})
			v.visit(func(s *session.Session) {
				if token, _ := s.CSRFToken(context.Background()); token != made {
					t.Errorf("the token that the request itself had made is %q, want %q", token, made)
				}
			})
		})
	}
}

// A renewal that fails leaves the token: forms that were rendered go on to work.
func TestFailedRenewalKeepsTheCSRFToken(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := started(t, f)
	var token string
	v.visit(func(s *session.Session) { token, _ = s.CSRFToken(context.Background()) })
	v.serve(func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		store.err = errors.New("down")
		if err := s.Renew(context.Background()); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("Renew: %v, want ErrUnavailable", err)
		}
		store.err = nil
	})
	v.visit(func(s *session.Session) {
		if got, _ := s.CSRFToken(context.Background()); got != token {
			t.Errorf("the token is %q, was %q", got, token)
		}
	})
}

// However often a session was renewed within a minute, a logout with its first
// cookie ends it, and each renewal costs it one round trip.
func TestLogoutFollowsManyRenewals(t *testing.T) {
	const renewals = 25
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		f := newTestFactory(t, store, nil)
		v := started(t, f)
		first := v.request()
		for range renewals {
			v.visit(login(t))
			pass(time.Second)
		}
		if err := f.Invalidate(first); err != nil {
			t.Error(err)
		}
		if len(store.records) != 0 {
			t.Errorf("%d records are left", len(store.records))
		}
		v.visit(func(s *session.Session) {
			if !s.IsNew() {
				t.Error("the session is there after the logout")
			}
		})
	})
}
