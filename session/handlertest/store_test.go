package handlertest

import (
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// The kit's store keeps the rules that the connectors to Redis keep, by the kit's clock,
// which stands still here but for Advance.
func TestStore(t *testing.T) {
	t.Parallel()
	var k *Kit
	sessiontest.TestStore(t, sessiontest.Harness{
		Open: func(t *testing.T) session.Store {
			k = New(t)
			now := time.Now()
			k.clock.system = func() time.Time { return now }
			return k.store
		},
		TTL: func(_ *testing.T, key string) (time.Duration, bool) {
			k.store.mu.Lock()
			defer k.store.mu.Unlock()
			if in := k.store.sets[key]; in != nil {
				last := in.epochUntil
				for _, until := range in.members {
					if until.IsZero() {
						return 0, true
					}
					if until.After(last) {
						last = until
					}
				}
				return last.Sub(k.clock.Now()), true
			}
			e, err := k.store.find(key)
			if err != nil || e.expires.IsZero() {
				return 0, err == nil
			}
			return e.expires.Sub(k.clock.Now()), true
		},
		Advance: func(d time.Duration) { k.Advance(d) },
	})
}
