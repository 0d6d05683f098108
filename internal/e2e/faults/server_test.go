package faults_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// order has a server do something.
func order(t *testing.T, c redis.UniversalClient, words ...any) {
	t.Helper()
	if err := c.Do(t.Context(), words...).Err(); err != nil {
		t.Errorf("%v: %v", words, err)
	}
}

// A server that keeps nothing on disk comes back empty: every visitor is
// logged out, and none gets the session of another.
func TestRestartedEmpty(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		c := newTraffic(t, newSite(t, via.to(srv.URL(), patient)))
		defer c.stop()
		c.expectLoss(func(*visitor) int { return 0 })
		c.inject(srv.Kill, func() { c.awaitSeen(http.StatusServiceUnavailable, 50) })
		c.recover(srv.Restart)
	})
}

// A server that writes every change to its disk before it confirms it is
// killed. It comes back with all that it had confirmed.
func TestRestartedFromDisk(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t, "appendonly yes", "appendfsync always")
		c := newTraffic(t, newSite(t, via.to(srv.URL(), patient)))
		defer c.stop()
		c.inject(srv.Kill, func() { c.awaitSeen(http.StatusServiceUnavailable, 50) })
		c.recover(srv.Restart)
	})
}

// The server reads its data from disk, and refuses to serve until it is done.
func TestLoading(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		// Slow enough to be met, and awake enough to refuse: settings that Redis has for
		// its own tests.
		settings := []string{"key-load-delay 10000", "loading-process-events-interval-bytes 1024", "rdbcompression no"}
		if connecttest.Since7(t) {
			settings = append(settings, "enable-debug-command local")
		}
		srv := connecttest.RedisServer(t, settings...)
		admin := srv.Client()
		for i := range 100 {
			order(t, admin, "set", fmt.Sprintf("ballast %d", i), strings.Repeat("x", 2048))
		}
		c := newTraffic(t, newSite(t, via.to(srv.URL(), patient)))
		defer c.stop()
		loaded := make(chan struct{})
		c.inject(
			func() {
				go func() {
					defer close(loaded)
					// Longer than a client waits for an ordinary answer.
					order(t, admin.WithTimeout(soon), "debug", "reload")
				}()
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, 50) })
		c.recover(func() { <-loaded })
		if !c.read("LOADING") {
			t.Errorf("no request met a server that is LOADING; the errors were %q", c.errorTexts())
		}
	})
}

// The server forgets the scripts again and again. No request fails.
func TestScriptFlush(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		admin := srv.Client()
		c := newTraffic(t, newSite(t, via.to(srv.URL(), patient)))
		defer c.stop()
		c.inject(func() {}, func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for range 200 {
				<-tick.C
				order(t, admin, "script", "flush")
			}
		})
		c.recover(func() {})
		if failed := c.seen(http.StatusServiceUnavailable); failed > 0 {
			t.Errorf("%d requests failed: %q", failed, c.errorTexts())
		}
	})
}

// The server is made a replica, as happens to a primary that was away for too
// long: it refuses to write.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		admin := srv.Client()
		c := newTraffic(t, newSite(t, via.to(srv.URL(), patient)))
		defer c.stop()
		c.inject(
			// Of a primary that does not exist, so that it keeps its data.
			func() { order(t, admin, "replicaof", "127.0.0.1", connecttest.ClosedPort(t)) },
			func() { c.awaitSeen(http.StatusServiceUnavailable, 100) })
		c.recover(func() { order(t, admin, "replicaof", "no", "one") })
		if !c.read("READONLY") {
			t.Errorf("no request met a READONLY server; the errors were %q", c.errorTexts())
		}
	})
}

// The server's memory is full and it may evict nothing. Requests that
// only read are answered.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t, "maxmemory-policy noeviction")
		admin := srv.Client()
		c := newTraffic(t, newSite(t, via.to(srv.URL(), patient)))
		defer c.stop()
		c.inject(
			func() { order(t, admin, "config", "set", "maxmemory", "1") },
			func() {
				c.awaitSeen(http.StatusServiceUnavailable, 100)
				c.note()
				c.awaitSeen(http.StatusServiceUnavailable, 50)
				c.awaitSeen(http.StatusOK, 10)
			})
		c.recover(func() { order(t, admin, "config", "set", "maxmemory", "0") })
		if !c.read("OOM") {
			t.Errorf("no request met a server without memory; the errors were %q", c.errorTexts())
		}
	})
}
