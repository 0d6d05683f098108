package session_test

import (
	"bytes"
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

// login is a request that renews the session.
func login(t *testing.T) func(*session.Session) {
	return func(s *session.Session) {
		s.Set("user", "ann")
		if err := s.Renew(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// started returns a visitor who has a session already.
func started(t *testing.T, f *session.Factory) *siteVisitor {
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("cart", "book") })
	return v
}

// fails returns an error handler that keeps the error.
func fails(err *error) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, _ *http.Request, e error) {
		*err = e
		w.WriteHeader(http.StatusConflict)
	}
}

func TestRenewMeanwhileASlowRequestWrites(t *testing.T) {
	store := newMemStore()
	var v *siteVisitor
	var failed error
	slow := newTestFactory(t, meanwhile(store, "replace", func() { v.visit(login(t)) }), func(o *session.Options) { o.ErrorHandler = fails(&failed) })
	v = started(t, newTestFactory(t, store, nil))

	// The slow request has its cookie from before, and is even about to set it
	// again, with another lifetime.
	resp := v.at(slow).serve(func(_ http.ResponseWriter, r *http.Request) {
		s, err := slow.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		s.Set("late", true)
		s.AdjustCookieMaxAge(time.Hour)
	})
	if !errors.Is(failed, session.ErrGone) {
		t.Errorf("the slow request's save: %v, want ErrGone", failed)
	}
	if cookies := resp.Cookies(); len(cookies) > 0 {
		t.Errorf("the slow request's response touches the visitor's new cookie: %v", cookies)
	}
	v.visit(func(s *session.Session) {
		if got := s.Keys(); !slices.Equal(got, []string{"cart", "user"}) {
			t.Errorf("the renewed session holds %v", got)
		}
	})
}

func TestRenewMergesWhatOthersWrite(t *testing.T) {
	store := newMemStore()
	var v *siteVisitor
	racing := meanwhile(store, "create", func() { v.visit(func(s *session.Session) { s.Set("cart", "lamp") }) })
	f := newTestFactory(t, racing, nil)
	v = started(t, newTestFactory(t, store, nil))
	v.f = f
	store.takeCalls()
	v.visit(login(t))
	want := []string{"load", "load", "replace", "create", "replace", "replace", "replace"}
	if got := store.takeCalls(); !slices.Equal(got, want) {
		t.Errorf("operations %v, want %v", got, want)
	}
	v.visit(func(s *session.Session) {
		if cart, _ := s.Get("cart"); cart != "lamp" {
			t.Errorf("the renewed session holds the cart %v", cart)
		}
	})
}

func TestRenewAgainstLogout(t *testing.T) {
	for _, operation := range []string{"create", "replace"} {
		t.Run("logout before "+operation, func(t *testing.T) {
			store := newMemStore()
			var v *siteVisitor
			var loggedOut *http.Request
			racing := meanwhile(store, operation, func() {
				if err := newTestFactory(t, store, nil).Invalidate(loggedOut); err != nil {
					t.Error(err)
				}
			})
			v = started(t, newTestFactory(t, store, nil))
			loggedOut = v.request()
			v.f = newTestFactory(t, racing, func(o *session.Options) { o.ErrorHandler = fails(new(error)) })
			v.serve(func(_ http.ResponseWriter, r *http.Request) {
				s, _ := v.f.Get(r)
				if err := s.Renew(r.Context()); !errors.Is(err, session.ErrGone) {
					t.Errorf("Renew: %v, want ErrGone", err)
				}
				s.Set("user", "ann")
			})
			if len(store.records) != 0 {
				t.Errorf("%d records are left after the logout", len(store.records))
			}
			if got := v.request().Cookies(); len(got) != 0 {
				t.Errorf("the visitor still has %v", got)
			}
		})
	}
}

func TestLogoutFollowsTwoRenewals(t *testing.T) {
	for name, logout := range map[string]func(t *testing.T, f *session.Factory, r *http.Request){
		"Factory.Invalidate": func(t *testing.T, f *session.Factory, r *http.Request) {
			if err := f.Invalidate(r); err != nil {
				t.Error(err)
			}
		},
		"Session.Invalidate": func(t *testing.T, f *session.Factory, r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Invalidate(r.Context()); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemStore()
			f := newTestFactory(t, store, nil)
			v := started(t, f)
			old := v.request()
			v.visit(login(t))
			v.visit(login(t))
			logout(t, f, old)
			if len(store.records) != 0 {
				t.Errorf("%d records are left", len(store.records))
			}
		})
	}
}

// The second of two logouts with one old cookie must not report success while
// the session that the first has found the way to is still there.
func TestTwoLogoutsWithTheOldCookie(t *testing.T) {
	store := newMemStore()
	plain := newTestFactory(t, store, nil)
	v := started(t, plain)
	old := v.request()
	v.visit(login(t))
	second := func() {
		if err := plain.Invalidate(old); err != nil {
			t.Error(err)
		}
		v.visit(func(s *session.Session) {
			if !s.IsNew() {
				t.Error("the session is there after an acknowledged logout")
			}
		})
	}
	// The first removal meets the marker. The second logout comes before the next.
	racing := &meanwhileStore{Store: store, before: map[string]func(){}}
	racing.before["remove"] = func() { racing.before["remove"] = second }
	if err := newTestFactory(t, racing, nil).Invalidate(old); err != nil {
		t.Error(err)
	}
}

func TestTwoRenewalsAtOnce(t *testing.T) {
	store := newMemStore()
	var v *siteVisitor
	racing := meanwhile(store, "replace", func() { v.visit(login(t)) })
	f := newTestFactory(t, racing, nil)
	v = started(t, newTestFactory(t, store, nil))
	v.at(f).visit(func(s *session.Session) {
		if err := s.Renew(context.Background()); err != nil {
			t.Errorf("the later of two renewals: %v, want a new session", err)
		}
		if s.Has("cart") || !s.IsNew() {
			t.Error("the later of two renewals has the session's data")
		}
	})
	v.visit(func(s *session.Session) {
		if user, _ := s.Get("user"); user != "ann" {
			t.Error("the session of the renewal that came first is not the visitor's")
		}
	})
	if len(store.records) != 2 { // the session and the marker
		t.Errorf("there are %d records: the loser's copy has stayed", len(store.records))
	}
}

func TestMarkerHoldsNoData(t *testing.T) {
	store := newMemStore()
	v := started(t, newTestFactory(t, store, nil))
	old := slices.Collect(maps.Keys(store.records))[0]
	v.visit(login(t))
	marker := store.records[old]
	if left := time.Until(marker.expires); left > time.Minute || marker.expires.IsZero() {
		t.Errorf("the marker lives for %v", left)
	}
	for _, word := range []string{"cart", "book", "user", "ann"} {
		if bytes.Contains(marker.data, []byte(word)) {
			t.Errorf("the marker holds %q", word)
		}
	}
	if n := len(marker.data); n != recordHeader+32 {
		t.Errorf("the marker has %d bytes", n)
	}
}

func TestRenewAfterTheHeader(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v := started(t, f)
	v.serve(func(w http.ResponseWriter, r *http.Request) {
		s, _ := f.Get(r)
		id := s.ID()
		w.WriteHeader(http.StatusOK)
		if err := s.Renew(r.Context()); !errors.Is(err, session.ErrHeaderWritten) {
			t.Errorf("Renew: %v, want ErrHeaderWritten", err)
		}
		if s.ID() != id {
			t.Error("the ID has changed")
		}
		s.Set("late", "saved")
	})
	v.visit(func(s *session.Session) {
		if late, _ := s.Get("late"); late != "saved" {
			t.Error("the session was not usable any more")
		}
	})
}

// However a renewal fails, its copy of the data does not stay behind under an
// ID that nobody knows: here its time runs out.
func TestFailedRenewalLeavesNoCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := started(t, newTestFactory(t, store, nil))
		v.f = newTestFactory(t, meanwhile(store, "replace", func() { pass(session.DefaultSaveTimeout + time.Second) }), nil)
		resp := v.serve(func(_ http.ResponseWriter, r *http.Request) {
			s, err := v.f.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Renew(r.Context()); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("Renew: %v, want ErrUnavailable", err)
			}
		})
		if resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status %d, want 503", resp.StatusCode)
		}
		if len(store.records) != 1 {
			t.Errorf("there are %d records, want the old one", len(store.records))
		}
		v.visit(func(s *session.Session) {
			if cart, _ := s.Get("cart"); cart != "book" {
				t.Error("the old session is not usable any more")
			}
		})
	})
}

func TestRenewOfANewSession(t *testing.T) {
	store := newMemStore()
	v := newVisitor(t, newTestFactory(t, store, nil))
	v.visit(login(t))
	if got := store.takeCalls(); !slices.Equal(got, []string{"create"}) {
		t.Errorf("operations %v, want one create", got)
	}
}
