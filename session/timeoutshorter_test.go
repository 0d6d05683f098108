package session_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// TestAbsoluteTimeoutOfAnOlderSession sets an absolute timeout for sessions whose records
// live longer in Redis: not the time to live there ends them, but the record's own time of
// creation, to the millisecond.
func TestAbsoluteTimeoutOfAnOlderSession(t *testing.T) {
	for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
		for _, c := range []struct {
			age   time.Duration
			alive bool
		}{
			{time.Hour - time.Second, true},
			{time.Hour, false},
			{time.Hour + time.Second, false},
			{2*time.Hour - time.Second, false},
		} {
			t.Run(format.String()+", "+c.age.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := newMemStore()
					options := func(absolute time.Duration) func(*session.Options) {
						return func(o *session.Options) {
							o.Format, o.AbsoluteTimeout, o.IdleTimeout = format, absolute, 24*time.Hour
						}
					}
					v := newVisitor(t, newTestFactory(t, store, options(0)))
					v.visit(func(s *session.Session) { s.Set("a", 1) })
					v.f = newTestFactory(t, store, options(time.Hour))
					pass(c.age)
					v.visit(func(s *session.Session) {
						if s.IsNew() == c.alive {
							t.Errorf("%v after its creation the session is there: %v", c.age, !s.IsNew())
						}
					})
				})
			})
		}
	}
}
