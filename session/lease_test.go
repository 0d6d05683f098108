package session_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// bubbleSite returns a store and a visitor of an application on it, in a synctest bubble.
func bubbleSite(t *testing.T, edit func(*session.Options)) (*memUsers, *siteVisitor) {
	m := newMemUsers()
	return m, newVisitor(t, newTestFactory(t, m, func(o *session.Options) {
		o.Users = &session.UserOptions{}
		edit(o)
	}))
}

func logInAnn(s *session.Session) { _ = s.Login(context.Background(), "ann") }

// A session that is only read, for a day, keeps its entry for longer than its record, and
// renews the lease at most once in half of it.
func TestLeaseOutlivesTheRecord(t *testing.T) {
	for _, format := range formats {
		for name, change := range map[string]func(o *session.Options){
			"plain":            func(*session.Options) {},
			"timeout_trigger":  func(o *session.Options) { o.TouchAfter = 5 * time.Minute },
			"absolute timeout": func(o *session.Options) { o.AbsoluteTimeout = 20 * time.Hour },
		} {
			t.Run(format.String()+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m, v := bubbleSite(t, edits(ofFormat(format), change))
					adds := 0
					v.visit(logInAnn)
					check := func() {
						t.Helper()
						for _, c := range m.takeCalls() {
							if c == "index add" {
								adds++
							}
						}
						for _, r := range m.records {
							for _, set := range m.sets {
								for _, until := range set {
									if !until.IsZero() && until.Before(r.expires.Truncate(time.Millisecond)) && time.Until(r.expires) > session.MarkerTTL {
										t.Fatalf("the record lives until %v, its entry until %v", r.expires, until)
									}
								}
							}
						}
					}
					for range 24 * 6 {
						pass(10 * time.Minute)
						v.visit(func(s *session.Session) { s.Get("a") })
						check()
					}
					if adds > 50 { // L is an hour
						t.Errorf("the lease was renewed %d times in a day", adds)
					}
					v.visit(logInAnn)
					v.visit(func(s *session.Session) { s.Remember(30 * 24 * time.Hour) })
					check()
					v.visit(func(s *session.Session) { s.AdjustTimeout(0) })
					check()
				})
			})
		}
	}
}

// With a store that is no EntryStore, as on a Cluster, a login takes as many round trips after
// another as a renewal, and a read none more. Renewal and logout of a session that is logged
// in remove the old entry after the record.
func TestUserRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, v := bubbleSite(t, func(*session.Options) {})
		trips := func(what string, want int, use func(s *session.Session)) {
			t.Helper()
			m.trip = time.Second
			begun := time.Now()
			v.visit(use)
			if got := int(time.Since(begun) / time.Second); got != want {
				t.Errorf("%s: %d round trips, want %d", what, got, want)
			}
			m.trip = 0
		}
		trips("login, no session", 1, logInAnn)
		v = newVisitor(t, v.f)
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		trips("login", 3, logInAnn)
		trips("read", 1, func(s *session.Session) { s.Get("a"); s.User() })
		trips("write", 2, func(s *session.Session) { s.Set("a", 2) })
		trips("renewal", 4, func(s *session.Session) { _ = s.Renew(context.Background()) })
		trips("login again", 4, logInAnn)
		trips("logout", 3, func(s *session.Session) { _ = s.Invalidate(context.Background()) })
	})
}

// The longest lease that an application can ask for is no time that has passed.
func TestLongestLease(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for _, idle := range []time.Duration{20 * time.Minute, math.MaxInt64} {
			s := newSite(t, format, func(o *session.Options) { o.IdleTimeout, o.Users.Lease = idle, math.MaxInt64 })
			v := visitor.New(t)
			if err := s.login(v, "ann"); err != nil || len(s.sessions("ann")) != 1 {
				t.Errorf("idle timeout %v: %v, %d sessions", idle, err, len(s.sessions("ann")))
			}
			if n, err := s.f.EndAll(t.Context(), "ann"); n != 1 || err != nil || s.user(v) != "" {
				t.Errorf("idle timeout %v: EndAll: %d, %v; logged in is %q", idle, n, err, s.user(v))
			}
		}
	})
}
