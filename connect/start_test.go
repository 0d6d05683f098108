package connect_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// What an operator reads when the program does not start: the place, what
// happened, and what to check; never a password.
func TestConnectErrors(t *testing.T) {
	t.Parallel()
	tcp, nobody := connecttest.RedisServer(t), connecttest.ClosedAddr(t)
	user, tls := connecttest.RedisServerUser(t, "web", "right"), connecttest.RedisServerTLS(t)
	certs := connect.TLS{CAFile: tls.TLS.CAFile, CertFile: tls.TLS.ClientCertFile, KeyFile: tls.TLS.ClientKeyFile}
	otherName := certs
	otherName.ServerName = "redis.example"

	for name, tt := range map[string]struct {
		o    connect.Options
		want []string
	}{
		"nothing listens":      {connect.Options{URL: "redis://:hunter2@" + nobody}, []string{nobody, "is Redis running"}},
		"no such host":         {connect.Options{Host: "no-such-host.invalid"}, []string{"no-such-host.invalid:6379"}},
		"no socket":            {connect.Options{UnixSocketPath: "/no/such.sock"}, []string{"/no/such.sock", "unixsocket"}},
		"no password":          {connect.Options{URL: "redis://" + user.Addr()}, []string{user.Addr(), "wants a password"}},
		"wrong password":       {connect.Options{URL: "redis://web:hunter2@" + user.Addr()}, []string{user.Addr(), "refused the user name or the password"}},
		"no such database":     {connect.Options{URL: tcp.URL() + "/99"}, []string{tcp.Addr(), "no database of that number"}},
		"TLS to a plain port":  {connect.Options{URL: "rediss://" + tcp.Addr(), SocketTimeout: socketTimeout}, []string{tcp.Addr()}},
		"plain to a TLS port":  {connect.Options{URL: "redis://" + tls.Addr()}, []string{tls.Addr(), "TLS"}},
		"unknown authority":    {connect.Options{URL: tls.URL()}, []string{tls.Addr(), "tls_ca_file"}},
		"another name":         {connect.Options{URL: tls.URL(), TLS: otherName}, []string{tls.Addr(), "tls_server_name"}},
		"no client cert":       {connect.Options{URL: tls.URL(), TLS: connect.TLS{CAFile: tls.TLS.CAFile}}, []string{tls.Addr(), "tls_cert_file"}},
		"no CA file":           {connect.Options{URL: tls.URL(), TLS: connect.TLS{CAFile: "/no/ca.pem"}}, []string{"/no/ca.pem"}},
		"another connector's":  {connect.Options{URL: "embedded://"}, []string{"embedded"}},
		"a URL without scheme": {connect.Options{URL: "hunter2"}, []string{"no scheme"}},
		"a client of no kind":  {connect.Options{Client: 1}, []string{"int", "must be a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEach(t, func(t *testing.T, f connect.Func) { wantConnectError(t, f, tt.o, tt.want...) })
		})
	}
}

func wantConnectError(t *testing.T, f connect.Func, o connect.Options, want ...string) {
	t.Helper()
	store, err := f(t.Context(), o)
	if err == nil {
		_ = store.Close()
		t.Fatal("no error")
	}
	for _, part := range append(want, client(t)+": ") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("it does not say %q: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("it shows the password: %v", err)
	}
}

// Sentinel and Cluster are go-redis's alone.
func TestConnectErrorsOfModes(t *testing.T) {
	t.Parallel()
	tcp, nobody := connecttest.RedisServer(t), connecttest.ClosedAddr(t)
	for url, want := range map[string]string{
		"redis-sentinel://" + nobody + "/m":     "is Redis running",
		"redis-sentinel://" + tcp.Addr() + "/m": "sentinels",
		"redis-cluster://" + nobody:             nobody,
		"redis-cluster://" + tcp.Addr():         "cluster",
	} {
		t.Run("goredis", func(t *testing.T) {
			t.Parallel()
			wantConnectError(t, goredis.Connect, connect.Options{URL: url}, want)
		})
		t.Run("redigo", func(t *testing.T) {
			t.Parallel()
			wantConnectError(t, redigo.Connect, connect.Options{URL: url}, "use the goredis connector")
		})
	}
	t.Run("redigo", func(t *testing.T) {
		wantConnectError(t, redigo.Connect, connect.Options{AutoPipeline: connect.AutoPipelineOn}, "auto_pipeline")
	})
}

func TestLazyConnect(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		for _, url := range urls(t, connecttest.ClosedAddr(t)) {
			store := open(t, f, connect.Options{URL: url, LazyConnect: true, SocketTimeout: socketTimeout})
			inTime(t, "Load from "+url, func() error { _, err := store.Load(t.Context(), "k", 0); return err })
		}
	})
}

// A client that was given belongs to the caller, so that factories can share
// it; one that was opened ends with the store.
func TestClose(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", srv.Addr()) }}
	forEach(t, func(t *testing.T, f connect.Func) {
		given := connect.Options{Client: srv.Client()}
		if client(t) == "redigo" {
			given.Client = pool
		}
		shared, owned := open(t, f, given), open(t, f, connect.Options{URL: srv.URL()})
		for _, store := range []session.Store{shared, owned, shared, owned} {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := open(t, f, given).Load(t.Context(), "k", 0); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("the caller's client was closed: %v", err)
		}
		if _, err := owned.Load(t.Context(), "k", 0); err == nil || errors.Is(err, session.ErrNotFound) {
			t.Errorf("Load after Close: %v, want the client to be closed", err)
		}
	})
}
