package connect_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// socketTimeout is short: the tests of outages wait for it.
const socketTimeout = 3 * time.Second

// mute accepts connections and never answers.
func mute(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// urls are those that a connector takes for what is at addr.
func urls(t *testing.T, addr string) []string {
	if client(t) == "redigo" {
		return []string{"redis://" + addr}
	}
	return []string{"redis://" + addr, "redis-cluster://" + addr, "redis-sentinel://" + addr + "/m"}
}

// inTime calls f and checks that it ends within twice the socket time-out with
// an error that says Redis is not available.
func inTime(t *testing.T, op string, f func() error) {
	t.Helper()
	var err error
	if took := connecttest.Ran(func() { err = f() }); took > 2*socketTimeout {
		t.Errorf("%s took %v, want at most %v", op, took, 2*socketTimeout)
	}
	if !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("%s: %v, want ErrUnavailable", op, err)
	}
}

func TestConnectBlackHole(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		var wg sync.WaitGroup
		for _, url := range urls(t, mute(t)) {
			wg.Go(func() {
				inTime(t, "Connect to "+url, func() error {
					_, err := f(t.Context(), connect.Options{URL: url, SocketTimeout: socketTimeout})
					return err
				})
			})
		}
		wg.Wait()
	})
}

// A server that hangs while requests come: every one is answered in time, also
// those that wait for a connection, and it works again when the server does.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		srv := connecttest.RedisServer(t)
		store := open(t, f, connect.Options{URL: srv.URL(), SocketTimeout: socketTimeout, PoolSize: 4})
		create := func() error { return store.Create(t.Context(), "k", []byte("rev1"), time.Hour) }
		if err := create(); err != nil {
			t.Fatal(err)
		}

		srv.Pause()
		var wg sync.WaitGroup
		for op, call := range map[string]func() error{
			"Load":    func() error { _, err := store.Load(t.Context(), "k", time.Hour); return err },
			"Create":  create,
			"Replace": func() error { return store.Replace(t.Context(), "k", []byte("rev1"), []byte("rev2"), 0) },
			"Remove":  func() error { return store.Remove(t.Context(), "k", []byte("rev1")) },
			"Expire":  func() error { return store.Expire(t.Context(), "k", 0) },
			"Delete":  func() error { return store.Delete(t.Context(), "k") },
			"LoadTTL": func() error { _, _, err := store.(session.TTLLoader).LoadTTL(t.Context(), "k"); return err },
		} {
			for range 2 {
				wg.Go(func() { inTime(t, op, call) })
			}
		}
		wg.Wait()
		srv.Resume()
		connecttest.Eventually(t, time.Minute, func() error {
			_, err := store.Load(t.Context(), "k", 0)
			if errors.Is(err, session.ErrNotFound) {
				return nil // one of the calls above was carried out
			}
			return err
		})
	})
}

// A deadline of the caller's that is shorter ends an operation sooner.
func TestDeadline(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		srv := connecttest.RedisServer(t)
		store := open(t, f, connect.Options{URL: srv.URL()})
		srv.Pause()
		defer srv.Resume()
		ctx, cancel := context.WithTimeout(t.Context(), socketTimeout/2)
		defer cancel()
		inTime(t, "Load", func() error { _, err := store.Load(ctx, "k", 0); return err })
	})
}

// After a restart the connections of the pool are all dead. No request fails
// for that.
func TestRestart(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		srv := connecttest.RedisServer(t)
		store := open(t, f, connect.Options{URL: srv.URL()})
		for range 3 {
			fill(t, store)
			srv.Restart()
			if err := store.Create(t.Context(), "k", []byte("rev1"), 0); err != nil {
				t.Error(err)
			}
			if err := store.Replace(t.Context(), "k", []byte("rev1"), []byte("rev2"), 0); err != nil {
				t.Error(err)
			}
		}
	})
}

// fill makes the store open several connections.
func fill(t *testing.T, store session.Store) {
	t.Helper()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				if _, err := store.Load(t.Context(), "absent", 0); !errors.Is(err, session.ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// What Redis itself refuses for the moment counts as not available.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		m := connecttest.Miniredis(t)
		store := open(t, f, connect.Options{URL: "redis://" + m.Addr(), SocketTimeout: socketTimeout})
		for text, unavailable := range map[string]bool{
			"LOADING Redis is loading the dataset in memory":                           true,
			"READONLY You can't write against a read only replica.":                    true,
			"CLUSTERDOWN The cluster is down":                                          true,
			"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is 'no'": true,
			"TRYAGAIN Multiple keys request during rehashing of slot":                  true,
			"OOM command not allowed when used memory > 'maxmemory'.":                  true,
			"MISCONF Redis is configured to save RDB snapshots":                        true,
			"ERR max number of clients reached":                                        true,
			"ERR syntax error":                                                         false,
			"NOPERM this user has no permissions to run the 'getex' command":           false,
		} {
			m.SetError(text)
			_, err := store.Load(t.Context(), "secretkey", time.Hour)
			if err == nil || errors.Is(err, session.ErrUnavailable) != unavailable {
				t.Errorf("%s: ErrUnavailable is %v, want %v: %v", text, !unavailable, unavailable, err)
			}
			if err == nil || !strings.HasPrefix(err.Error(), client(t)+": load: redis at ") || strings.Contains(err.Error(), "secretkey") {
				t.Errorf("the error reads %v", err)
			}
		}
		m.SetError("")
		m.Close()
		_, err := store.Load(t.Context(), "k", 0)
		if !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("without a server: %v", err)
		}
		var op *net.OpError
		if !errors.As(err, &op) {
			t.Errorf("the network's error is not there to be found: %v", err)
		}
	})
}

// A server that is too old names the arguments of the command it does not
// know, of which one is the key.
func TestErrorsHoldNoKeys(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		m := connecttest.Miniredis(t)
		store := open(t, f, connect.Options{URL: "redis://" + m.Addr()})
		m.SetError("ERR unknown command `GETEX`, with args beginning with: `secretkey`, `PX`, `1000`, ")
		_, err := store.Load(t.Context(), "secretkey", time.Hour)
		if err == nil || strings.Contains(err.Error(), "secretkey") || !strings.Contains(err.Error(), "6.2") {
			t.Errorf("got %v", err)
		}
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				if strings.Contains(e.Error(), "secretkey") {
					t.Errorf("a wrapped error holds the key: %v", e)
				}
			}
		}
	})
}
