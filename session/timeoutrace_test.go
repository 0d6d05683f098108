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

// A request that only reads restarts the time to live of a session that stays logged in, and
// another one ends or renews it just before: nothing comes back, and the reader has no session.
func TestReaderBringsNothingBack(t *testing.T) {
	for name, end := range map[string]func(s *session.Session){
		"logout":  func(s *session.Session) { _ = s.Invalidate(context.Background()) },
		"renewal": func(s *session.Session) { _ = s.Renew(context.Background()) },
	} {
		for connector, open := range connectors {
			t.Run(name+"/"+connector, func(t *testing.T) {
				redis := connecttest.Miniredis(t)
				plain := openStore(t, open, "redis://"+redis.Addr())
				store := &slowToRestart{Store: plain, TTLLoader: plain.(session.TTLLoader), GuardedExpirer: plain.(session.GuardedExpirer)}
				store.meanwhile = func() { t.Error("a restart that is not due") }
				v := newVisitor(t, newTestFactory(t, store, nil))
				v.visit(func(s *session.Session) { s.Set("user", "ann"); s.Remember(30 * day) })
				v.visit(func(s *session.Session) { s.Get("user") })
				old := redis.Keys()[0]
				redis.SetTTL(old, 29*day)

				restarts := 0
				reader, other := visitorWith(t, v.f, v.request()), v.at(newTestFactory(t, plain, nil))
				store.meanwhile = func() {
					restarts++
					other.visit(end)
				}
				reader.visit(func(s *session.Session) {
					if got, ok := s.Get("user"); ok && name == "logout" {
						t.Errorf("the reader has the session of %v", got)
					}
				})
				if restarts != 1 {
					t.Fatalf("%d restarts", restarts)
				}
				if ttl := redis.TTL(old); name == "logout" && redis.Exists(old) || ttl > session.MarkerTTL {
					t.Errorf("what is at the old key lives for %v", ttl)
				}
			})
		}
	}
}
