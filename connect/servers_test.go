package connect_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/connecttest"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// servers are the kinds of server that docs/servers.md says were run.
var servers = map[string]func(testing.TB, ...string) *connecttest.Server{
	"redis":                  connecttest.RedisServer,
	"redis-8":                connecttest.Redis8Server,
	"valkey":                 connecttest.ValkeyServer,
}

// The suite passes on every kind of server.
func TestStoreServers(t *testing.T) {
	t.Parallel()
	for kind, start := range servers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			for name, f := range map[string]connect.Func{"goredis": goredis.Connect, "redigo": redigo.Connect} {
				t.Run(name, func(t *testing.T) {
					h := connecttest.Harness(srv.Client(), func(t *testing.T) session.Store {
						t.Helper()
						return open(t, f, connect.Options{URL: srv.URL()})
					})
					sessiontest.TestStore(t, h)
				})
			}
		})
	}
}
