package redigo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// opener returns a function that connects with o, for the suite. A busy machine is slow: without
// time-outs of their own the options have long ones.
func opener(o connect.Options) func(t *testing.T) session.Store {
	if o.SocketTimeout == 0 {
		o.DialTimeout, o.SocketTimeout = time.Minute, time.Minute
	}
	return func(t *testing.T) session.Store {
		t.Helper()
		store, err := redigo.Connect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
}

func TestStoreMiniredis(t *testing.T) {
	t.Parallel()
	m := connecttest.Miniredis(t)
	open := opener(connect.Options{URL: "redis://" + m.Addr()})
	sessiontest.TestStore(t, connecttest.MiniredisHarness(t, m, open))
}

func TestStoreTCP(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	sessiontest.TestStore(t, connecttest.Harness(srv.Client(), opener(connect.Options{URL: srv.URL()})))
}

func TestStoreUnix(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServerUnix(t)
	sessiontest.TestStore(t, connecttest.Harness(srv.Client(), opener(connect.Options{UnixSocketPath: srv.Addr()})))
}

func TestStoreTLS(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServerTLS(t)
	sessiontest.TestStore(t, connecttest.Harness(srv.Client(), opener(connect.Options{
		URL: srv.URL(),
		TLS: connect.TLS{
			CAFile:   srv.TLS.CAFile,
			CertFile: srv.TLS.ClientCertFile,
			KeyFile:  srv.TLS.ClientKeyFile,
		},
	})))
}

func TestStoreUser(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServerUser(t, "web", "p@ss/w:rd%41#?")
	sessiontest.TestStore(t, connecttest.Harness(srv.Client(), opener(connect.Options{URL: srv.URL(), DB: 3})))
}

// New works on a pool without any of the settings that Connect makes.
func TestStoreNew(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", srv.Addr()) }}
	t.Cleanup(func() { _ = pool.Close() })
	sessiontest.TestStore(t, connecttest.Harness(srv.Client(), func(*testing.T) session.Store {
		return redigo.New(pool)
	}))
}

// It refuses what it cannot serve, rather than serve something else.
func TestConnectRefuses(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]connect.Options{
		"another kind of Redis (sentinel); use the goredis connector": {URL: "redis-sentinel://s1/mymaster"},
		"another kind of Redis (cluster); use the goredis connector":  {URL: "redis-cluster://n1"},
		"another kind of Redis (embedded)":                            {URL: "embedded://"},
		"it has no auto_pipeline; use the goredis":                    {AutoPipeline: connect.AutoPipelineOn},
	} {
		store, err := redigo.Connect(t.Context(), o)
		if err == nil {
			store.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", o, err, want)
		}
	}
}
