package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// in reports how far a time of Expires lies ahead, -1 for never.
func in(t time.Time) time.Duration {
	if t.IsZero() {
		return -1
	}
	return time.Until(t).Round(time.Second)
}

// Expires says when the session ends, and then it does.
func TestExpires(t *testing.T) {
	eachTiming(t, func(t *testing.T, v *siteVisitor, _ *memStore) {
		var idle time.Time
		check := func(when string, want time.Duration) func(s *session.Session) {
			return func(s *session.Session) {
				t.Helper()
				var absolute time.Time
				idle, absolute = s.Expires()
				if got := in(idle); got < want || got > want+time.Second {
					t.Errorf("%s: it ends in %v, want %v", when, got, want)
				}
				if limit := session.OptionsOf(v.f).AbsoluteTimeout; limit == 0 && !absolute.IsZero() || limit > 0 && !absolute.Equal(s.Created().Add(limit)) {
					t.Errorf("%s: the absolute end is %v", when, absolute)
				}
			}
		}
		v.visit(func(s *session.Session) { check("new", session.DefaultIdleTimeout)(s); s.Set("a", 1) })
		pass(5 * time.Minute)
		v.poll(check("passive", 15*time.Minute))
		v.poll(func(s *session.Session) {
			s.Set("b", 1)
			_, _ = s.CSRFToken(context.Background())
			check("passive, saved", 15*time.Minute)(s)
		})
		v.visit(check("active", session.DefaultIdleTimeout))
		pass(30 * time.Second)
		left := session.DefaultIdleTimeout
		if o := session.OptionsOf(v.f); o.TouchAfter > 0 || o.ExpiryInRecord {
			left -= 30 * time.Second
		}
		v.visit(check("active, not due", left))
		v.visit(func(s *session.Session) {
			s.AdjustTimeout(time.Hour)
			check("adjusted", time.Hour)(s)
		})
		pass(20 * time.Minute)
		v.poll(check("adjusted, passive", 40*time.Minute))
		v.visit(func(s *session.Session) {
			_, _ = s.CSRFToken(context.Background())
			_ = s.Renew(context.Background())
			check("renewed", time.Hour)(s)
			pass(10 * time.Minute)
			check("an open handler", 50*time.Minute)(s)
			_ = s.Touch(context.Background())
			check("touched", time.Hour)(s)
		})
		v.poll(check("at last", time.Hour))
		pass(time.Until(idle) - 2*time.Second)
		if !v.poll(func(*session.Session) {}) {
			t.Error("the session ended before Expires said")
		}
		pass(4 * time.Second)
		if v.poll(func(*session.Session) {}) {
			t.Error("the session did not end when Expires said")
		}
	})
}

// Timeouts that are none, or that the absolute one cuts short.
func TestExpiresLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		visits := func(edit func(*session.Options), use func(s *session.Session)) {
			v := newVisitor(t, newTestFactory(t, keepStore{ttlStore{newMemStore()}}, edit))
			v.visit(func(s *session.Session) { s.Set("a", 1); use(s) })
			v.visit(use)
		}
		visits(func(o *session.Options) { o.IdleTimeout = session.Never }, func(s *session.Session) {
			if idle, absolute := s.Expires(); !idle.IsZero() || !absolute.IsZero() {
				t.Errorf("without any timeout: %v, %v", idle, absolute)
			}
		})
		visits(func(o *session.Options) { o.IdleTimeout, o.AbsoluteTimeout = session.Never, time.Hour }, func(s *session.Session) {
			if idle, absolute := s.Expires(); !idle.IsZero() || in(absolute) != time.Hour {
				t.Errorf("without an idle timeout: %v, %v", idle, absolute)
			}
		})
		visits(func(o *session.Options) { o.AbsoluteTimeout = 5 * time.Minute }, func(s *session.Session) {
			if idle, absolute := s.Expires(); in(idle) != 5*time.Minute || in(absolute) != 5*time.Minute {
				t.Errorf("with a short absolute timeout: %v, %v", idle, absolute)
			}
		})
		v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		v.stream(func(s *session.Session) {
			v.visit(func(s *session.Session) { _ = s.Invalidate(t.Context()) })
			_ = s.Touch(t.Context())
			if idle, _ := s.Expires(); in(idle) != 0 {
				t.Errorf("a session that has ended ends in %v", in(idle))
			}
		})
	})
}
