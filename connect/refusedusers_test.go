package connect_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// TestRefusedInATransaction: a refusal of a command between MULTI and EXEC is an error with
// that refusal's reason and class, not with EXECABORT, which only says that there was one.
func TestRefusedInATransaction(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		refuse [][]any
		reason string
		class  error
	}{
		"no right to a command": {[][]any{{"acl", "setuser", "web", "-zadd"}}, "+zadd", session.ErrRefused},
		"no right to the keys":  {[][]any{{"acl", "setuser", "web", "resetkeys", "%R~*"}}, "~session:*", session.ErrRefused},
		"full":                  {[][]any{{"config", "set", "maxmemory", "1"}}, "OOM", session.ErrUnavailable},
		"a replica":             {[][]any{{"replicaof", "127.0.0.1", "1"}}, "READONLY", session.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEach(t, func(t *testing.T, f connect.Func) {
				srv := connecttest.RedisServer(t)
				do := func(args ...any) {
					t.Helper()
					if err := srv.Client().Do(t.Context(), args...).Err(); err != nil {
						t.Fatal(err)
					}
				}
				do("acl", "setuser", "web", "on", ">pw", "~*", "+@all")
				index := open(t, f, connect.Options{URL: "redis://web:pw@" + srv.Addr()}).(session.UserIndex)
				for _, words := range tt.refuse {
					do(words...)
				}
				_, added := index.IndexAdd(t.Context(), "session:u:1", []byte("member"), time.Now().Add(time.Hour), session.AnyEpoch)
				_, closed := index.IndexClose(t.Context(), "session:u:1", 1<<52, time.Hour)
				for op, err := range map[string]error{"IndexAdd": added, "IndexClose": closed} {
					if !errors.Is(err, tt.class) || !strings.Contains(err.Error(), tt.reason) || strings.Contains(err.Error(), "EXECABORT") {
						t.Errorf("%s: %v, want %v with %q", op, err, tt.class, tt.reason)
					}
				}
			})
		})
	}
}

// TestRefusedInATransactionCluster is the same on a Cluster.
func TestRefusedInATransactionCluster(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	for _, node := range set.Nodes {
		if err := node.Client().Do(t.Context(), "acl", "setuser", "web", "on", ">pw", "~*", "+@all", "-zadd").Err(); err != nil {
			t.Fatal(err)
		}
	}
	index := open(t, goredis.Connect, connect.Options{URL: "redis-cluster://web:pw@" + set.Nodes[0].Addr()}).(session.UserIndex)
	if _, err := index.IndexClose(t.Context(), "session:u:1", 1<<52, time.Hour); !errors.Is(err, session.ErrRefused) || !strings.Contains(err.Error(), "+zadd") {
		t.Errorf("IndexClose: %v", err)
	}
}
