package connect_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// With LazyConnect nothing is said at start-up, and the first save says what is wrong
// and what to do about it as start-up would.
func TestRefusedLazily(t *testing.T) {
	t.Parallel()
	redis, bare := connecttest.RedisServer(t), connecttest.ValkeyServerWithoutLua(t)
	users := connecttest.RedisServerUser(t, "alice", "right")
	for name, tt := range map[string]struct {
		url   string
		o     connect.Options
		parts []string
	}{
		"replica":        {url: connecttest.RedisServer(t, "replicaof 127.0.0.1 1").URL(), parts: []string{"READONLY", "connect to the primary"}},
		"memory full":    {url: connecttest.RedisServer(t, "maxmemory 1").URL(), parts: []string{"OOM", "raise maxmemory"}},
		"no replicas":    {url: connecttest.RedisServer(t, "min-replicas-to-write 1").URL(), parts: []string{"NOREPLICAS", "min-replicas-to-write"}},
		"no slots":       {url: connecttest.RedisServer(t, "cluster-enabled yes").URL(), parts: []string{"CLUSTERDOWN", "CLUSTER INFO"}},
		"no Lua, script": {url: bare.URL(), o: connect.Options{GuardedSave: connect.GuardedSaveScript}, parts: []string{"no Lua scripts", "guarded_save = auto"}},
		"native":         {url: redis.URL(), o: connect.Options{GuardedSave: connect.GuardedSaveNative}, parts: []string{"IFEQ", "set guarded_save"}},
		"no password":    {url: "redis://" + users.Addr(), parts: []string{"NOAUTH", "set password"}},
		"wrong password": {url: "redis://alice:wrong@" + users.Addr(), parts: []string{"WRONGPASS", "refused the user name or the password"}},
		"database":       {url: redis.URL() + "/99", parts: []string{"DB index", "no database of that number"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEach(t, func(t *testing.T, f connect.Func) {
				o := tt.o
				o.URL, o.LazyConnect = tt.url, true
				store, key, old := open(t, f, o), "session:"+t.Name(), record("revision 001", 100)
				lazily := errors.Join(
					store.Create(t.Context(), key, old, time.Hour),
					store.Replace(t.Context(), key, old[:12], old, time.Hour),
				)
				o.LazyConnect = false
				store, atStart := f(t.Context(), patient(o))
				if atStart == nil { // a warning
					_ = store.Close()
				}
				for _, part := range tt.parts {
					if lazily == nil || !strings.Contains(lazily.Error(), part) {
						t.Errorf("the save does not say %q: %v", part, lazily)
					}
					if atStart != nil && strings.Count(atStart.Error(), part) != 1 {
						t.Errorf("start-up does not say %q once: %v", part, atStart)
					}
				}
			})
		})
	}
}
