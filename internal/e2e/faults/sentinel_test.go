package faults_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// The primary is killed, and the sentinels make the replica the primary. What
// was replicated is there.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	forEachFarRoad(t, func(t *testing.T, via road) {
		set := connecttest.Sentinels(t)
		c := newCrowd(t, newSite(t, via.to(set.URL(), time.Second)))
		defer c.leave()
		c.suffer(
			func() {
				c.replicated(map[*connecttest.Server]*connecttest.Server{set.Primary: set.Replica})
				set.Primary.Kill()
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, crowdSize) })
		c.recover(func() {})
	})
}

// The primary hangs for so long that the sentinels replace it, and comes back
// believing that it still is the primary. Nobody goes on with what it holds.
func TestSentinelPrimaryComesBack(t *testing.T) {
	t.Parallel()
	forEachFarRoad(t, func(t *testing.T, via road) {
		set := connecttest.Sentinels(t)
		c := newCrowd(t, newSite(t, via.to(set.URL(), time.Second)))
		defer c.leave()
		c.suffer(
			func() {
				c.replicated(map[*connecttest.Server]*connecttest.Server{set.Primary: set.Replica})
				set.Primary.Pause()
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, crowdSize) })
		c.recover(func() {})
		c.suffer(set.Primary.Resume, func() { c.awaitSeen(http.StatusOK, 300) })
		c.recover(func() {})
	})
}
