package connect_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// servers are the kinds of server that docs/servers.md says were run.
var servers = map[string]func(testing.TB, ...string) *connecttest.Server{
	"redis":   connecttest.RedisServer,
	"redis-8": connecttest.Redis8Server,
	"valkey":  connecttest.ValkeyServer,

	"valkey-without-lua":     connecttest.ValkeyServerWithoutLua,
	"valkey-without-delifeq": valkeyWithoutDelifeq,
	"valkey-without-eval":    aclServer(connecttest.ValkeyServer, "-eval", "-evalsha"),

	"redis-without-getex":    renamed("GETEX"),
	"redis-without-unlink":   renamed("UNLINK"),
	"user-without-getex":     aclServer(connecttest.RedisServer, "-getex"),
	"valkey-without-getex":   aclServer(connecttest.ValkeyServer, "-getex"),
	"redis-8-without-unlink": aclServer(connecttest.Redis8Server, "-unlink"),
}

type starter = func(testing.TB, ...string) *connecttest.Server

// renamed starts a redis-server that does not know some commands.
func renamed(commands ...string) starter {
	return func(tb testing.TB, settings ...string) *connecttest.Server {
		tb.Helper()
		for _, c := range commands {
			settings = append(settings, "rename-command "+c+` ""`)
		}
		return connecttest.RedisServer(tb, settings...)
	}
}

// aclServer starts a server whose user may not do all that others may.
func aclServer(start starter, rules ...string) starter {
	return func(tb testing.TB, settings ...string) *connecttest.Server {
		tb.Helper()
		srv := start(tb, settings...)
		words := []any{"acl", "setuser", "default", "resetkeys", "~session*"}
		for _, r := range rules {
			words = append(words, r)
		}
		if err := srv.Client().Do(tb.Context(), words...).Err(); err != nil {
			tb.Fatal(err)
		}
		return srv
	}
}

// valkeyWithoutDelifeq runs no scripts and has no DELIFEQ, as Valkey 8.1 has none.
func valkeyWithoutDelifeq(tb testing.TB, settings ...string) *connecttest.Server {
	tb.Helper()
	return connecttest.ValkeyServerWithoutLua(tb, append(settings, `rename-command DELIFEQ ""`)...)
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
