package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// slowToRestart is a store that something happens to just before a time to live
// is restarted.
type slowToRestart struct {
	session.Store
	session.TTLLoader
	session.GuardedExpirer
	meanwhile func()
}

func (s *slowToRestart) ExpireGuarded(ctx context.Context, key string, guard []byte, ttl time.Duration) error {
	s.meanwhile()
	return s.GuardedExpirer.ExpireGuarded(ctx, key, guard, ttl)
}

// A request that only reads restarts the time to live, and another one changes the
// timeout just before: what it has changed stands.
func TestReaderLeavesAnothersTimeout(t *testing.T) {
	const before, month = 10 * time.Minute, 30 * 24 * time.Hour
	for name, row := range map[string]struct {
		touchAfter time.Duration
		own        bool // the session has its timeout adjusted already
	}{
		"timeout_trigger": {touchAfter: time.Minute},
		"its own":         {own: true},
	} {
		for connector, open := range connectors {
			t.Run(name+"/"+connector, func(t *testing.T) {
				redis := connecttest.Miniredis(t)
				plain := openStore(t, open, "redis://"+redis.Addr())
				store := &slowToRestart{Store: plain, TTLLoader: plain.(session.TTLLoader), GuardedExpirer: plain.(session.GuardedExpirer)}
				v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) { o.TouchAfter = row.touchAfter }))
				v.visit(func(s *session.Session) {
					s.Set("user", "ann")
					if row.own {
						s.AdjustTimeout(before)
					}
				})
				key := redis.Keys()[0]
				redis.SetTTL(key, before/2) // a restart is due

				restarts := 0
				store.meanwhile = func() {
					if restarts++; restarts == 1 { // the other request restarts it as well
						v.visit(func(s *session.Session) { s.Remember(month) })
					}
				}
				v.visit(func(s *session.Session) { s.Get("user") })
				if got := redis.TTL(key); got != month || restarts == 0 {
					t.Errorf("after %d restarts the time to live is %v, want %v", restarts, got, month)
				}
			})
		}
	}
}
