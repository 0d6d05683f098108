package connect_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// What an operator reads at start-up about a server that answers a PING.
func TestProbe(t *testing.T) {
	t.Parallel()
	redis, valkey, redis8 := connecttest.RedisServer(t), connecttest.ValkeyServer(t), connecttest.Redis8Server(t)
	bare := connecttest.ValkeyServerWithoutLua(t)
	replica := connecttest.RedisServer(t, "replicaof 127.0.0.1 1")
	lru, volatile := connecttest.RedisServer(t, "maxmemory-policy allkeys-lru"), connecttest.RedisServer(t, "maxmemory-policy volatile-lru")
	lonely, slotless := connecttest.RedisServer(t, "min-replicas-to-write 1"), connecttest.RedisServer(t, "cluster-enabled yes")
	full := connecttest.RedisServer(t, "maxmemory 1")
	never := connect.Needs{NeverExpire: true}
	script, native := connect.GuardedSaveScript, connect.GuardedSaveNative

	for name, tt := range map[string]struct {
		srv   *connecttest.Server
		rules string // taken from or given to a user who may do everything with session:*
		o     connect.Options
		errs  []string // all of them are in the error; none: it starts
		warns []string // all of them are in the log; none: it is silent
	}{
		"Redis 7":           {srv: redis},
		"Redis 8":           {srv: redis8},
		"Valkey":            {srv: valkey},
		"Valkey, no Lua":    {srv: bare},
		"replica":           {srv: replica, errs: []string{"no session could be saved", "replica (READONLY)", "primary"}},
		"memory full":       {srv: full, warns: []string{"no session could be saved", "SET (OOM)", "maxmemory"}},
		"no replicas":       {srv: lonely, warns: []string{"no session could be saved", "SET (NOREPLICAS)", "min-replicas-to-write"}},
		"no slots":          {srv: slotless, warns: []string{"no session could be saved", "SET (CLUSTERDOWN)", "slot"}},
		"allkeys":           {srv: lru, warns: []string{"maxmemory-policy is allkeys-lru"}},
		"allkeys, CONFIG":   {srv: lru, rules: "-info", warns: []string{"maxmemory-policy is allkeys-lru"}},
		"allkeys, not told": {srv: lru, rules: "-info -config"},
		"allkeys, wanted":   {srv: lru, o: connect.Options{Needs: connect.Needs{NoTTL: true}}},
		"volatile":          {srv: volatile},
		"volatile, never":   {srv: volatile, o: connect.Options{Needs: never}, warns: []string{"maxmemory-policy is volatile-lru", "timeout = 0"}},

		"no EVAL":                {srv: redis, rules: "-eval", errs: []string{"no change to a session could be saved", "may not run EVAL (NOPERM)", "+eval", "Valkey 8.1"}},
		"no EVALSHA":             {srv: redis8, rules: "-evalsha", errs: []string{"no change to a session could be saved", "may not run EVALSHA (NOPERM)", "+evalsha"}},
		"no GETRANGE in scripts": {srv: redis8, rules: "-getrange", errs: []string{"no change to a session could be saved", "may not run GETRANGE (NOPERM)", "+getrange"}},
		"no GETRANGE, Redis 7":   {srv: redis, rules: "-getrange", errs: []string{"no change to a session could be saved", "inside of the scripts", "+getrange"}},
		"no EVAL, Valkey":        {srv: valkey, rules: "-eval -evalsha"},
		"no EVAL, script":        {srv: valkey, rules: "-eval -evalsha", o: connect.Options{GuardedSave: script}, errs: []string{"no change to a session could be saved", "EVAL"}},
		"no Lua, script":         {srv: bare, o: connect.Options{GuardedSave: script}, errs: []string{"no change to a session could be saved", "no Lua scripts"}},
		"native":                 {srv: valkey, o: connect.Options{GuardedSave: native}},
		"native, Redis 7":        {srv: redis, o: connect.Options{GuardedSave: native}, errs: []string{"no change to a session could be saved", "guarded_save", "IFEQ"}},
		"no SET":                 {srv: redis, rules: "-set", errs: []string{"no session could be saved", "may not run SET (NOPERM)", "+set"}},
		"other keys":             {srv: redis, rules: "resetkeys ~shop:*", o: connect.Options{Needs: connect.Needs{Prefix: "session:"}}, errs: []string{"no session could be saved", "keys (NOPERM)", "prefix"}},
		"other keys, not known":  {srv: redis, rules: "resetkeys ~shop:*"},
		"other keys, allowed":    {srv: redis, rules: "resetkeys ~shop:*", o: connect.Options{Needs: connect.Needs{Prefix: "shop:"}}},

		"no GETEX":             {srv: redis, rules: "-getex"},
		"no GETEX, no PEXPIRE": {srv: valkey, rules: "-getex -pexpire", errs: []string{"no session could be read", "may not run GETEX (NOPERM)", "+getex"}},
		"no GET":               {srv: valkey, rules: "-get", o: connect.Options{Needs: never}, errs: []string{"no session could be read", "may not run GET (NOPERM)"}},
		"no GET, Valkey":       {srv: valkey, rules: "-get", errs: []string{"no session could be read again", "may not run GET (NOPERM)", "+get"}},
		"no GET, no Lua":       {srv: bare, rules: "-get", errs: []string{"no session could be read again", "may not run GET (NOPERM)", "+get"}},
		"no restart, needed":   {srv: valkey, rules: "-getex -pexpire", o: connect.Options{Needs: connect.Needs{ReadTTL: true}}, errs: []string{"no timeout could be restarted", "+getex"}},
		"no restart, never":    {srv: redis, rules: "-getex -pexpire", o: connect.Options{Needs: never}, warns: []string{"timeout of its own", "PEXPIRE"}},
		"no PEXPIRE":           {srv: redis, rules: "-pexpire", warns: []string{"timeout of its own", "PEXPIRE", "+pexpire"}},
		"no PEXPIRE, needed":   {srv: redis, rules: "-pexpire", o: connect.Options{Needs: connect.Needs{RestartTTL: true}}, errs: []string{"no timeout could be restarted", "+pexpire"}},
		"no PTTL":              {srv: redis, rules: "-pttl", warns: []string{"timeout_trigger", "PTTL"}},
		"no PTTL, needed":      {srv: redis, rules: "-pttl", o: connect.Options{Needs: connect.Needs{ReadTTL: true}}, errs: []string{"no session could be read", "timeout_trigger", "PTTL"}},
		"no UNLINK":            {srv: redis, rules: "-unlink"},
		"no UNLINK, no DEL":    {srv: redis, rules: "-unlink -del", errs: []string{"no session could be ended", "UNLINK"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEach(t, func(t *testing.T, f connect.Func) {
				var log bytes.Buffer
				o := tt.o
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
				o.URL = "redis://" + userWith(t, tt.srv, tt.rules) + ":pass@" + tt.srv.Addr()
				store, err := f(t.Context(), patient(o))
				if err == nil {
					_ = store.Close()
				}
				if (err != nil) != (tt.errs != nil) {
					t.Fatalf("the error is %v, want %q", err, tt.errs)
				}
				for _, part := range tt.errs {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the error does not say %q: %v", part, err)
					}
				}
				if err != nil && !strings.Contains(err.Error(), client(t)+": connect: redis at "+tt.srv.Addr()) {
					t.Errorf("the error does not say where: %v", err)
				}
				if (log.Len() > 0) != (tt.warns != nil) || strings.Count(log.String(), "\n") > 1 {
					t.Errorf("the log is %q, want %q", log.String(), tt.warns)
				}
				for _, part := range tt.warns {
					if !strings.Contains(log.String(), part) {
						t.Errorf("the log does not say %q: %s", part, log.String())
					}
				}
			})
		})
	}
}

// A server whose snapshot failed refuses writes, and PING too. It starts all the same, as
// with a full memory: who only reads is served.
func TestProbeSnapshotFails(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t, "save 3600 1", "enable-protected-configs yes")
	client := srv.Client()
	dir := filepath.Join(t.TempDir(), "gone")
	if err := errors.Join(os.Mkdir(dir, 0o700), client.ConfigSet(t.Context(), "dir", dir).Err(), os.Remove(dir)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(client.Set(t.Context(), "k", "v", 0).Err(), client.BgSave(t.Context()).Err()); err != nil {
		t.Fatal(err)
	}
	connecttest.Eventually(t, time.Minute, func() error {
		if err := client.Ping(t.Context()).Err(); err == nil || !strings.HasPrefix(err.Error(), "MISCONF") {
			return errors.New("the snapshot has not failed yet")
		}
		return nil
	})
	forEach(t, func(t *testing.T, f connect.Func) {
		var log bytes.Buffer
		store, err := f(t.Context(), patient(connect.Options{URL: srv.URL(), Logger: slog.New(slog.NewTextHandler(&log, nil))}))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if text := log.String(); !strings.Contains(text, "no session could be saved") || !strings.Contains(text, "cannot write its data to disk") {
			t.Errorf("the log is %q", text)
		}
		if _, err := store.Load(t.Context(), "session:none", 0); !errors.Is(err, session.ErrNotFound) {
			t.Error(err)
		}
	})
}

// userWith makes a user of the test's name.
func userWith(t *testing.T, srv *connecttest.Server, rules string) string {
	t.Helper()
	name := strings.NewReplacer("/", "-", "#", "-", ",", "").Replace(t.Name())
	words := []any{"acl", "setuser", name, "on", ">pass", "~session:*", "+@all"}
	for _, r := range strings.Fields(rules) {
		words = append(words, r)
	}
	if err := srv.Client().Do(t.Context(), words...).Err(); err != nil {
		t.Fatal(err)
	}
	return name
}

// The look leaves nothing behind, takes one round trip beside the PING, and with
// LazyConnect is not made.
func TestProbeOnTheWire(t *testing.T) {
	t.Parallel()
	for kind, start := range servers {
		if strings.Contains(kind, "user-") {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			forEach(t, func(t *testing.T, f connect.Func) {
				proxy := connecttest.Proxy(t, srv.Addr())
				open(t, f, connect.Options{URL: proxy.URL(), LazyConnect: true})
				if n := len(proxy.Commands()); n != 0 {
					t.Errorf("%d commands with LazyConnect", n)
				}
				open(t, f, connect.Options{URL: proxy.URL()})
				if n := proxy.RoundTrips(); n != 2 {
					t.Errorf("%d round trips, want 2: %q", n, proxy.Commands())
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

// One node of a cluster is not the whole cluster.
func TestProbeOneNodeOfACluster(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		// A key of this prefix is on one of the three primaries.
		refused := 0
		for _, node := range set.Nodes[:3] {
			store, err := f(t.Context(), patient(connect.Options{URL: "redis://" + node.Addr(), Needs: connect.Needs{Prefix: "{session}:"}}))
			if err == nil {
				_ = store.Close()
				continue
			}
			refused++
			if !strings.Contains(err.Error(), "redis-cluster://") || !strings.Contains(err.Error(), "MOVED") {
				t.Errorf("it does not say what to do: %v", err)
			}
		}
		if refused != 2 {
			t.Errorf("%d nodes were refused, want 2", refused)
		}
	})
}

// With keys all over the cluster, as they are by default, none of its nodes is taken for a
// server by itself, whichever key the probe happens to use.
func TestProbeOneNodeHasNotAllKeys(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		for _, node := range set.Nodes[:3] {
			for range 3 {
				store, err := f(t.Context(), connect.Options{URL: "redis://" + node.Addr()})
				if err == nil {
					_ = store.Close()
					t.Error("one node of three was taken for a server")
				} else if !strings.Contains(err.Error(), "redis-cluster://") {
					t.Errorf("it does not say what to do: %v", err)
				}
			}
		}
	})
}

// What the server refuses later is explained as at start-up, with the command's
// name and without the key.
func TestRefusedLater(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		name := userWith(t, srv, "")
		store := open(t, f, connect.Options{URL: "redis://" + name + ":pass@" + srv.Addr()})
		ctx, key := t.Context(), "session:"+name
		if err := store.Create(ctx, key, []byte("record"), time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := srv.Client().Do(ctx, "acl", "setuser", name, "-get", "-getex", "-set", "-eval", "-evalsha", "-unlink", "-del").Err(); err != nil {
			t.Fatal(err)
		}
		_, load := store.Load(ctx, key, 0)
		_, touch := store.Load(ctx, key, time.Hour)
		for want, err := range map[string]error{
			"may not run GET (NOPERM); allow it with +get":         load,
			"may not run GETEX (NOPERM); allow it with +getex":     touch,
			"may not run SET (NOPERM); allow it with +set":         store.Create(ctx, key+"2", nil, time.Hour),
			"may not run EVALSHA (NOPERM); allow it with +evalsha": store.Replace(ctx, key, []byte("r"), nil, time.Hour),
			"may not run UNLINK (NOPERM); allow it with +unlink":   store.Delete(ctx, key),
		} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), key) {
				t.Errorf("got %v, want %s", err, want)
			}
			if !errors.Is(err, session.ErrRefused) || errors.Is(err, session.ErrUnavailable) {
				t.Errorf("%v is not session.ErrRefused", err)
			}
		}
	})
}
