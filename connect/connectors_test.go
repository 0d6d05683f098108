package connect_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// What the tests of this package say holds for every connector to a real
// server, also when its commands share round trips.
var connectors = map[string]connect.Func{
	"goredis":     goredis.Connect,
	"goredis-off": autoPipeline(connect.AutoPipelineOff),
	"goredis-on":  autoPipeline(connect.AutoPipelineOn),
	"redigo":      redigo.Connect,
}

func autoPipeline(choice connect.AutoPipeline) connect.Func {
	return func(ctx context.Context, o connect.Options) (session.Store, error) {
		o.AutoPipeline = choice
		return goredis.Connect(ctx, o)
	}
}

// forEach runs a test for every connector.
func forEach(t *testing.T, test func(t *testing.T, f connect.Func)) {
	t.Helper()
	for name, f := range connectors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

// client returns the name of the package that a running test of forEach is
// about, which errors begin with.
func client(t *testing.T) string {
	if strings.Contains(t.Name(), "redigo") {
		return "redigo"
	}
	return "goredis"
}

// patient gives options without time-outs long ones: a busy machine is slow, and the tests of
// time-outs have their own.
func patient(o connect.Options) connect.Options {
	if o.DialTimeout == 0 && o.SocketTimeout == 0 {
		o.DialTimeout, o.SocketTimeout = time.Minute, time.Minute
	}
	return o
}

// open connects and closes the store with the test.
func open(t *testing.T, f connect.Func, o connect.Options) session.Store {
	t.Helper()
	store, err := f(t.Context(), patient(o))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// behindProxy returns a store that reaches a new server through a proxy.
func behindProxy(t *testing.T, f connect.Func, o connect.Options) (session.Store, *connecttest.RecordingProxy) {
	t.Helper()
	proxy := connecttest.Proxy(t, connecttest.RedisServer(t).Addr())
	o.Host, o.Port = "127.0.0.1", proxy.Port()
	store := open(t, f, o)
	proxy.Reset()
	return store, proxy
}
