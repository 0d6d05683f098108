package goredis_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
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
		store, err := goredis.Connect(t.Context(), o)
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
	sessiontest.TestStore(t, connecttest.Harness(srv.Client(), opener(connect.Options{URL: srv.URL()})))
}

func TestStoreAutoPipeline(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	for _, choice := range []connect.AutoPipeline{connect.AutoPipelineOff, connect.AutoPipelineOn} {
		t.Run(choice.String(), func(t *testing.T) {
			open := opener(connect.Options{URL: srv.URL(), AutoPipeline: choice})
			sessiontest.TestStore(t, connecttest.Harness(srv.Client(), open))
		})
	}
}

// New works on a client with go-redis's own defaults, and leaves it open.
func TestStoreNew(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	client := srv.Client()
	sessiontest.TestStore(t, connecttest.Harness(client, func(*testing.T) session.Store {
		return goredis.New(client)
	}))
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("after Close of its stores the client says: %v", err)
	}
}

// A client's own retries would hide that an answer was lost, so that a change
// could be made twice: here, by a conflict that makes the session apply it to
// a record that may have it already.
func TestNewDoesNotLetTheClientRetry(t *testing.T) {
	t.Parallel()
	proxy := connecttest.Proxy(t, connecttest.RedisServer(t).Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), MaxRetries: 3})
	defer func() { _ = client.Close() }()
	store := goredis.New(client)
	if err := store.Replace(t.Context(), "k", []byte("rev1"), nil, 0); !errors.Is(err, session.ErrNotFound) {
		t.Fatal(err) // the server knows the script after this
	}
	if err := store.Create(t.Context(), "k", []byte("rev2 by another"), 0); err != nil {
		t.Fatal(err)
	}
	proxy.LoseReplies(1)
	err := store.Replace(t.Context(), "k", []byte("rev1"), []byte("rev2 mine"), 0)
	var conflict *session.ConflictError
	if errors.As(err, &conflict) || !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable and no conflict", err)
	}
}
