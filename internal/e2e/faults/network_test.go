package faults_test

import (
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// A slow network makes a slow site, and nothing else.
func TestLatency(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		way := newNetwork(t, connecttest.RedisServer(t).Addr())
		c := newTraffic(t, newSite(t, via.to(way.url(), patient)))
		defer c.stop()
		c.inject(
			func() { way.poison(`{"type": "latency", "attributes": {"latency": 80, "jitter": 60}}`) },
			func() { c.awaitSeen(http.StatusOK, 200) })
		c.recover(way.cure)
		if failed := c.seen(http.StatusServiceUnavailable); failed > 0 {
			t.Errorf("%d requests failed: %q", failed, c.errorTexts())
		}
	})
}

// Connections end in the middle of a reply. A command whose answer was cut off
// is sent again, and counts once.
func TestReplyCutOff(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		way := newNetwork(t, connecttest.RedisServer(t).Addr())
		c := newTraffic(t, newSite(t, via.to(way.url(), patient)))
		defer c.stop()
		c.inject(
			func() { way.poison(`{"type": "limit_data", "attributes": {"bytes": 1201}}`) },
			func() { c.awaitSeen(http.StatusOK, 300) })
		c.recover(way.cure)
	})
}

// Every connection is reset at its first reply, so that retries fail too.
func TestReset(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		way := newNetwork(t, connecttest.RedisServer(t).Addr())
		c := newTraffic(t, newSite(t, via.to(way.url(), patient)))
		defer c.stop()
		c.inject(
			func() { way.poison(`{"type": "reset_peer", "attributes": {"timeout": 20}}`) },
			func() { c.awaitSeen(http.StatusServiceUnavailable, 100) })
		c.recover(way.cure)
	})
}

// Nothing arrives any more and no connection is closed.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		way := newNetwork(t, connecttest.RedisServer(t).Addr())
		c := newTraffic(t, newSite(t, via.to(way.url(), brisk)))
		defer c.stop()
		c.inject(
			func() {
				way.poison(`{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`)
				way.poison(`{"type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`)
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, 2*visitorCount) })
		c.recover(way.cure)
	})
}

// The server hangs and then goes on: it answers commands late, after
// the clients have stopped waiting for them.
func TestHang(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		c := newTraffic(t, newSite(t, via.to(srv.URL(), brisk)))
		defer c.stop()
		c.inject(srv.Pause, func() { c.awaitSeen(http.StatusServiceUnavailable, 2*visitorCount) })
		c.recover(srv.Resume)
	})
}
