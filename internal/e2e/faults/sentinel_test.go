package faults_test

import (
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// The primary is killed, and the sentinels make the replica the primary. What
// was replicated is there.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	forEachDistributed(t, func(t *testing.T, via connection) {
		set := connecttest.Sentinels(t)
		set.FailFast(t)
		c := newTraffic(t, newSite(t, via.to(set.URL(), brisk)))
		defer c.stop()
		c.inject(
			func() {
				c.replicated(map[*connecttest.Server]*connecttest.Server{set.Primary: set.Replica})
				set.Primary.Kill()
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, visitorCount) })
		c.recover(func() {})
	})
}

// The primary hangs for so long that the sentinels replace it, and comes back
// still configured as the primary. Its state is not used any more.
func TestSentinelPrimaryComesBack(t *testing.T) {
	t.Parallel()
	forEachDistributed(t, func(t *testing.T, via connection) {
		set := connecttest.Sentinels(t)
		set.FailFast(t)
		c := newTraffic(t, newSite(t, via.to(set.URL(), brisk)))
		defer c.stop()
		c.inject(
			func() {
				c.replicated(map[*connecttest.Server]*connecttest.Server{set.Primary: set.Replica})
				set.Primary.Pause()
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, visitorCount) })
		c.recover(func() {})
		c.inject(set.Primary.Resume, func() { c.awaitSeen(http.StatusOK, 300) })
		c.recover(func() {})
	})
}
