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

// eachSkew runs a test with two factories on one store, as two servers have them.
// The clock of the first differs from that of the second, which is Redis's.
func eachSkew(t *testing.T, edit func(*session.Options), test func(t *testing.T, store *memStore, there, here *session.Factory)) {
	for _, of := range formats {
		name, format := of.String(), ofFormat(of)
		for _, skew := range []time.Duration{-time.Hour, -2 * time.Minute, 2 * time.Minute, time.Hour} {
			t.Run(name+"/"+skew.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := newMemStore()
					options := func(o *session.Options) {
						discardLog(o)
						if format != nil {
							format(o)
						}
						if edit != nil {
							edit(o)
						}
					}
					there, here := newTestFactory(t, store, options), newTestFactory(t, store, options)
					session.SetClock(there, func() time.Time { return time.Now().Add(skew) })
					test(t, store, there, here)
				})
			})
		}
	}
}

// renewedThere returns a visitor whose session was renewed on the other server, and
// one who still has the old cookie.
func renewedThere(t *testing.T, there, here *session.Factory) (v, old *siteVisitor) {
	v = started(t, there)
	r := v.request()
	v.visit(login(t))
	v.f = here
	return v, visitorWith(t, here, r)
}

// A logout with the old cookie, after the session was loaded, ends the session that
// it was renewed to, whatever the clock of the server that wrote the marker says.
func TestClocksLogoutWithTheOldCookie(t *testing.T) {
	eachSkew(t, nil, func(t *testing.T, store *memStore, there, here *session.Factory) {
		if session.FormatOf(here).Live() == nil {
			t.Skip("the Pyramid formats have no markers")
		}
		v, old := renewedThere(t, there, here)
		for range 3 {
			pass(10 * time.Second)
			old.visit(func(s *session.Session) { s.Get("user") })
			old.visit(func(s *session.Session) { s.Get("user") })
		}
		old.visit(func(s *session.Session) {
			if err := s.Invalidate(context.Background()); err != nil {
				t.Error(err)
			}
		})
		v.visit(func(s *session.Session) {
			if !s.IsNew() {
				t.Error("the renewed session is there after a logout with the old cookie")
			}
		})
		if len(store.records) != 0 {
			t.Errorf("%d records are left", len(store.records))
		}
	})
}

// Six seconds after the renewal a browser that has only the old cookie can begin a
// new session, and its markers go within two minutes, however often it comes.
func TestClocksLockNobodyOut(t *testing.T) {
	eachSkew(t, nil, func(t *testing.T, store *memStore, there, here *session.Factory) {
		_, old := renewedThere(t, there, here)
		cookie := old.request()
		pass(6 * time.Second)
		resp := old.visit(func(s *session.Session) { s.Set("cart", "apples") })
		if len(resp.Cookies()) != 1 {
			t.Errorf("the new session has the cookies %v", resp.Cookies())
		}
		markers := 0
		for range 12 {
			pass(10 * time.Second)
			visitorWith(t, here, cookie).visit(func(s *session.Session) { s.Get("cart") })
			markers = 0
			for _, r := range store.records {
				if isMarker(r.data) && time.Now().Before(r.expires) {
					markers++
				}
			}
		}
		if markers != 0 {
			t.Errorf("%d markers are there after two minutes", markers)
		}
	})
}

// Two servers never keep a session longer than one of them: a creation that is in
// the future counts as now.
func TestClocksAbsoluteTimeout(t *testing.T) {
	const absolute = 2 * time.Hour
	edit := func(o *session.Options) { o.AbsoluteTimeout = absolute }
	eachSkew(t, edit, func(t *testing.T, store *memStore, there, here *session.Factory) {
		v := started(t, there)
		v.f = here
		for begun := time.Now(); ; pass(10 * time.Minute) {
			gone := false
			v.visit(func(s *session.Session) {
				gone = s.IsNew()
				if s.Created().After(time.Now().Add(time.Second)) {
					t.Errorf("the session was created %v from now", time.Until(s.Created()))
				}
			})
			age := time.Since(begun)
			if gone {
				break
			}
			if age > absolute+time.Second {
				t.Fatalf("the session is there after %v", age)
			}
			for _, r := range store.records {
				if left := time.Until(r.expires); left > absolute-age+time.Second {
					t.Fatalf("at the age of %v, %v are left", age, left)
				}
			}
		}
	})
}

// A request that was under way during the renewal is refused where the clocks differ
// by less than the grace lasts.
func TestClocksThatDifferALittle(t *testing.T) {
	for _, skew := range []time.Duration{-4 * time.Second, -time.Second, time.Second, 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var failed error
			there := newTestFactory(t, newMemStore(), nil)
			here := newTestFactory(t, session.StoreOf(there), func(o *session.Options) { discardLog(o); o.ErrorHandler = fails(&failed) })
			session.SetClock(there, func() time.Time { return time.Now().Add(skew) })
			_, old := renewedThere(t, there, here)
			resp := old.serve(func(_ http.ResponseWriter, r *http.Request) {
				s, err := here.Get(r)
				if err != nil {
					t.Fatal(err)
				}
				s.Set("late", true)
			})
			if !errors.Is(failed, session.ErrGone) || len(resp.Cookies()) != 0 {
				t.Errorf("clocks that differ by %v: %v and the cookies %v, want ErrGone and none", skew, failed, resp.Cookies())
			}
		})
	}
}
