package connect_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// usersRights is the line that the error says.
const usersRights = "+zadd +zrem +zrange +zremrangebyscore +pexpireat +multi +exec"

// A user who lacks a command that sessions by user need is told so at start-up, with all
// that they need, and not when somebody logs in; and only where they are asked for.
func TestProbeUsers(t *testing.T) {
	t.Parallel()
	redis, redis8, valkey := connecttest.RedisServer(t), connecttest.Redis8Server(t), connecttest.ValkeyServer(t)
	bare := connecttest.ValkeyServerWithoutLua(t)
	native := connect.Options{GuardedSave: connect.GuardedSaveNative}
	for name, tt := range map[string]struct {
		srv   *connecttest.Server
		rules string
		o     connect.Options
		lacks []string
	}{
		"Redis 7":             {srv: redis},
		"Redis 8":             {srv: redis8},
		"Valkey":              {srv: valkey},
		"Valkey, native":      {srv: valkey, o: native},
		"Valkey, no Lua":      {srv: bare},
		"no ZADD":             {srv: redis, rules: "-zadd", lacks: []string{"ZADD"}},
		"no ZREM":             {srv: redis, rules: "-zrem", lacks: []string{"ZREM"}},
		"no ZRANGE":           {srv: redis8, rules: "-zrange", lacks: []string{"ZRANGE"}},
		"no ZREMRANGEBYSCORE": {srv: redis, rules: "-zremrangebyscore", lacks: []string{"ZREMRANGEBYSCORE"}},
		"no PEXPIREAT":        {srv: redis, rules: "-pexpireat", lacks: []string{"PEXPIREAT"}},
		"no MULTI":            {srv: valkey, rules: "-multi"}, // a script stands in for it
		"no MULTI, native":    {srv: valkey, rules: "-multi", o: native, lacks: []string{"MULTI"}},
		"no MULTI, no EXEC":   {srv: redis, rules: "-multi -exec"},
		"no EXEC":             {srv: redis, rules: "-exec", lacks: []string{"EXEC"}},
		"nothing of it":       {srv: redis, rules: "-@sortedset -@transaction -pexpireat", lacks: []string{"ZADD", "ZREM", "ZRANGE", "ZREMRANGEBYSCORE", "PEXPIREAT", "MULTI", "EXEC"}},
		"no Lua, no ZADD":     {srv: bare, rules: "-zadd", lacks: []string{"ZADD"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEach(t, func(t *testing.T, f connect.Func) {
				var log bytes.Buffer
				o := tt.o
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
				o.URL = "redis://" + userWith(t, tt.srv, tt.rules) + ":pass@" + tt.srv.Addr()
				store, err := f(t.Context(), patient(o))
				if err != nil {
					t.Fatalf("without sessions by user: %v", err)
				}
				_ = store.Close()
				o.Needs.Users = true
				if store, err = f(t.Context(), patient(o)); err == nil {
					_ = store.Close()
				}
				if (err != nil) != (tt.lacks != nil) {
					t.Fatalf("the error is %v, want it to name %q", err, tt.lacks)
				}
				if log.Len() > 0 {
					t.Errorf("the log is %s", log.String())
				}
				if err == nil {
					return
				}
				for _, part := range append(tt.lacks, "user_sessions", "may not run", usersRights) {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the error does not say %q: %v", part, err)
					}
				}
			})
		})
	}
}

// The line that the error says is enough, beside what sessions need: it is that of
// docs/reliability.md.
func TestProbeUsersLine(t *testing.T) {
	t.Parallel()
	for kind, start := range map[string]starter{"Redis 7": connecttest.RedisServer, "Redis 8": connecttest.Redis8Server} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			forEach(t, func(t *testing.T, f connect.Func) {
				leastUser(t, srv)
				proxy := connecttest.Proxy(t, srv.Addr())
				o := connect.Options{URL: "redis://web:a-long-password@" + proxy.Addr(), Needs: connect.Needs{Prefix: "session:", Users: true, ReadTTL: true, RestartTTL: true}}
				open(t, f, o)
				if n := proxy.RoundTrips(); n != 2 {
					t.Errorf("%d round trips, want 2: the PING and the look", n)
				}
			})
			t.Cleanup(func() {
				if n := srv.Client().DBSize(t.Context()).Val(); n != 0 {
					t.Errorf("%d keys were left", n)
				}
			})
		})
	}
}

// A cluster answers too.
func TestProbeUsersCluster(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	for _, node := range set.Nodes {
		leastUser(t, node, "+cluster|slots", "+asking")
	}
	o := connect.Options{URL: "redis-cluster://web:a-long-password@" + set.Nodes[0].Addr(), Needs: connect.Needs{Prefix: "session:", Users: true}}
	open(t, connectors["goredis"], o)
	for _, node := range set.Nodes {
		leastUser(t, node, "+cluster|slots", "+asking", "-zadd")
	}
	if store, err := connectors["goredis"](t.Context(), o); err == nil || !strings.Contains(err.Error(), usersRights) {
		t.Errorf("without ZADD: %v", err)
		if err == nil {
			_ = store.Close()
		}
	}
}
