package connect_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// A user with the rights that docs/servers.md names for a server can do all that
// sessions need, and start-up has nothing to say.
func TestLeastRights(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/servers.md")
	if err != nil {
		t.Fatal(err)
	}
	var users []string
	for line := range strings.Lines(string(page)) {
		if rules, ok := strings.CutPrefix(line, "user web on "); ok {
			users = append(users, rules)
		}
	}
	starts := []struct {
		kind  string
		start starter
	}{
		{"scripts", connecttest.RedisServer},
		{"Valkey 9 without scripts", connecttest.ValkeyServer},
		{"Valkey 8.1 without scripts", valkeyWithoutDelifeq},
	}
	if len(users) != len(starts) {
		t.Fatalf("docs/servers.md has %d users, this test knows %d", len(users), len(starts))
	}
	for i, at := range starts {
		t.Run(at.kind, func(t *testing.T) {
			t.Parallel()
			srv := at.start(t)
			words := []any{"acl", "setuser", "web", "on"}
			for _, rule := range strings.Fields(users[i]) {
				words = append(words, rule)
			}
			if err := srv.Client().Do(t.Context(), words...).Err(); err != nil {
				t.Fatal(err)
			}
			forEach(t, func(t *testing.T, f connect.Func) {
				var log bytes.Buffer
				store := open(t, f, connect.Options{
					URL:    "redis://web:a-long-password@" + srv.Addr(),
					Needs:  connect.Needs{Prefix: "session:", ReadTTL: true, RestartTTL: true},
					Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				if log.Len() > 0 {
					t.Errorf("start-up warns: %s", log.String())
				}
				for _, size := range []int{100, 20_000} {
					useRights(t, store, record("revision 001", size))
				}
			})
		})
	}
}

func useRights(t *testing.T, store session.Store, old []byte) {
	t.Helper()
	ctx, key, guard, next := t.Context(), "session:"+t.Name(), old[:12], record("revision 002", 100)
	comparer := store.(session.RecordComparer)
	for name, call := range map[string]func() error{
		"Load":                 func() error { _, err := store.Load(ctx, key, 0); return err },
		"Load and restart":     func() error { _, err := store.Load(ctx, key, time.Hour); return err },
		"LoadTTL":              func() error { _, _, err := store.(session.TTLLoader).LoadTTL(ctx, key); return err },
		"Replace":              func() error { return store.Replace(ctx, key, guard, next, time.Hour) },
		"Replace, empty guard": func() error { return store.Replace(ctx, key, nil, next, 0) },
		"ReplaceRecord":        func() error { return comparer.ReplaceRecord(ctx, key, guard, old, next, time.Hour) },
		"Expire":               func() error { return store.Expire(ctx, key, time.Hour) },
		"Expire at no time":    func() error { return store.Expire(ctx, key, 0) },
		"ExpireGuarded":        func() error { return store.(session.GuardedExpirer).ExpireGuarded(ctx, key, guard, time.Hour) },
		"ExpireRecord":         func() error { return comparer.ExpireRecord(ctx, key, guard, old, 0) },
		"Remove":               func() error { return store.Remove(ctx, key, guard) },
		"Remove, empty guard":  func() error { return store.Remove(ctx, key, nil) },
		"RemoveRecord":         func() error { return comparer.RemoveRecord(ctx, key, guard, old) },
		"a conflict": func() error {
			if err := comparer.ReplaceRecord(ctx, key, next[:12], next, next, 0); !isConflict(err) {
				return err
			}
			return nil
		},
		"Delete": func() error { return store.Delete(ctx, key) },
	} {
		if err := store.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
		if err := store.Create(ctx, key, old, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
