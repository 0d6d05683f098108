package connecttest

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// Harness returns what sessiontest.TestStore needs for a store over the Redis
// that client talks to.
func Harness(client redis.UniversalClient, open func(t *testing.T) session.Store) sessiontest.Harness {
	return sessiontest.Harness{
		Open: open,
		TTL: func(t *testing.T, key string) (time.Duration, bool) {
			t.Helper()
			ttl, err := client.PTTL(t.Context(), key).Result()
			if err != nil {
				t.Fatalf("connecttest: %v", err)
			}
			// go-redis returns the answers -1 and -2 as nanoseconds.
			return max(0, ttl), ttl != -2
		},
		FlushScripts: func(t *testing.T) {
			t.Helper()
			flush := func(ctx context.Context, c *redis.Client) error { return c.ScriptFlush(ctx).Err() }
			var err error
			switch c := client.(type) {
			case *redis.ClusterClient:
				err = c.ForEachMaster(t.Context(), flush)
			case *redis.Client:
				err = flush(t.Context(), c)
			}
			if err != nil {
				t.Fatalf("connecttest: %v", err)
			}
		},
		WrongType: func(t *testing.T, key string) {
			t.Helper()
			if err := client.HSet(t.Context(), key, "field", "value").Err(); err != nil {
				t.Fatalf("connecttest: %v", err)
			}
		},
	}
}

// MiniredisHarness returns what sessiontest.TestStore needs for a store over a
// miniredis, whose clock stands still until the suite advances it.
func MiniredisHarness(t *testing.T, m *miniredis.Miniredis, open func(t *testing.T) session.Store) sessiontest.Harness {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: m.Addr(), Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { _ = client.Close() })
	h := Harness(client, open)
	h.Advance = m.FastForward
	return h
}
