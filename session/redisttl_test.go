package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// What Redis itself says of the times to live: at no step does a record live
// past the absolute timeout, or for ever.
func TestTimeToLiveInRedis(t *testing.T) {
	steps := []struct {
		name string
		do   func(s *session.Session)
	}{
		{"create", func(s *session.Session) { s.Set("a", 1) }},
		{"read", func(s *session.Session) { s.Get("a") }},
		{"write", func(s *session.Session) { s.Set("a", 2) }},
		{"adjust", func(s *session.Session) { s.AdjustTimeout(100 * time.Hour) }},
		{"read with a timeout of its own", func(s *session.Session) { s.Get("a") }},
		{"never", func(s *session.Session) { s.AdjustTimeout(0) }},
		{"read of one that never times out", func(s *session.Session) { s.Get("a") }},
		{"renew", func(s *session.Session) { _ = s.Renew(context.Background()) }},
		{"token", func(s *session.Session) { _, _ = s.CSRFToken(context.Background()) }},
	}
	for name, open := range connectors {
		t.Run(name, func(t *testing.T) {
			m := connecttest.Miniredis(t)
			v := newVisitor(t, newTestFactory(t, openStore(t, open, "redis://"+m.Addr()), func(o *session.Options) {
				o.IdleTimeout, o.AbsoluteTimeout = 48*time.Hour, time.Hour
			}))
			for _, step := range steps {
				v.visit(step.do)
				if len(m.Keys()) == 0 {
					t.Fatalf("%s: no record", step.name)
				}
				for _, key := range m.Keys() {
					if ttl := m.TTL(key); ttl <= 0 || ttl > time.Hour {
						t.Errorf("%s: a time to live of %v", step.name, ttl)
					}
				}
			}
		})
	}
}
