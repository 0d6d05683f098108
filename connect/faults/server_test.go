package faults_test

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/connecttest"
)

// order has a server do something.
func order(t *testing.T, c redis.UniversalClient, words ...any) {
	t.Helper()
	if err := c.Do(t.Context(), words...).Err(); err != nil {
		t.Errorf("%v: %v", words, err)
	}
}

// A server that keeps nothing on disk comes back empty: everybody is logged
// out, and nobody is somebody else.
func TestRestartedEmpty(t *testing.T) {
	t.Parallel()
	forEachRoad(t, func(t *testing.T, via road) {
		srv := connecttest.RedisServer(t)
		c := newCrowd(t, newSite(t, via.to(srv.URL(), patient)))
		c.expectLoss(func(*visitor) int { return 0 })
		c.suffer(srv.Kill, func() { c.awaitSeen(http.StatusServiceUnavailable, 50) })
		c.recover(srv.Restart)
	})
}

// A server that writes every change to its disk is killed. It comes back with
// all that it had confirmed, and while it reads the file it refuses to serve.
func TestRestartedFromDisk(t *testing.T) {
	t.Parallel()
	forEachRoad(t, func(t *testing.T, via road) {
		srv := connecttest.RedisServer(t, "appendonly yes", "appendfsync always",
			// Time to read the file, and to answer meanwhile: a setting that
			// Redis has for its own tests.
			"key-load-delay 300")
		fill := srv.Client().Pipeline()
		for i := range 8000 {
			fill.Set(t.Context(), fmt.Sprintf("ballast %d", i), "x", 0)
		}
		if _, err := fill.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := newCrowd(t, newSite(t, via.to(srv.URL(), patient)))
		c.suffer(srv.Kill, func() { c.awaitSeen(http.StatusServiceUnavailable, 50) })
		c.recover(srv.Restart)
		if !c.read("LOADING") {
			t.Errorf("nobody met a server that is LOADING; the errors were %q", c.errorTexts())
		}
	})
}

// The scripts are forgotten again and again, which no one notices.
func TestScriptFlush(t *testing.T) {
	t.Parallel()
	forEachRoad(t, func(t *testing.T, via road) {
		srv := connecttest.RedisServer(t)
		admin := srv.Client()
		c := newCrowd(t, newSite(t, via.to(srv.URL(), patient)))
		c.suffer(func() {}, func() {
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
	forEachRoad(t, func(t *testing.T, via road) {
		srv := connecttest.RedisServer(t)
		admin := srv.Client()
		c := newCrowd(t, newSite(t, via.to(srv.URL(), patient)))
		c.suffer(
			// Of a primary that does not exist, so that it keeps its data.
			func() { order(t, admin, "replicaof", "127.0.0.1", closedPort(t)) },
			func() { c.awaitSeen(http.StatusServiceUnavailable, 100) })
		c.recover(func() { order(t, admin, "replicaof", "no", "one") })
		if !c.read("READONLY") {
			t.Errorf("nobody met a READONLY server; the errors were %q", c.errorTexts())
		}
	})
}

// closedPort returns a port where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// The server's memory is full and it may evict nothing. Who only reads is
// served.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	forEachRoad(t, func(t *testing.T, via road) {
		srv := connecttest.RedisServer(t, "maxmemory-policy noeviction")
		admin := srv.Client()
		c := newCrowd(t, newSite(t, via.to(srv.URL(), patient)))
		c.suffer(
			func() { order(t, admin, "config", "set", "maxmemory", "1") },
			func() {
				c.awaitSeen(http.StatusServiceUnavailable, 100)
				c.note()
				c.awaitSeen(http.StatusServiceUnavailable, 50)
				c.awaitSeen(http.StatusOK, 10)
			})
		c.recover(func() { order(t, admin, "config", "set", "maxmemory", "0") })
		if !c.read("OOM") {
			t.Errorf("nobody met a server without memory; the errors were %q", c.errorTexts())
		}
	})
}
