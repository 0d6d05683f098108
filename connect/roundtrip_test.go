package connect_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// Every operation is one round trip, counted on the wire, in whatever way it
// ends.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	forEach(t, testRoundTrips)
}

func testRoundTrips(t *testing.T, f connect.Func) {
	store, proxy := behindProxy(t, f, connect.Options{})
	ctx := t.Context()
	record, other, guard := []byte("rev1 record"), []byte("rev2 record"), []byte("rev1")
	teachScripts(t, store)

	conflict := func(err error) error {
		var c *session.ConflictError
		if errors.As(err, &c) {
			return nil
		}
		return errors.New("no conflict")
	}
	is := func(err, want error) error {
		if errors.Is(err, want) {
			return nil
		}
		return err
	}
	for _, step := range []struct {
		name     string
		call     func() error
		commands []string
	}{
		{"load absent", func() error { _, err := store.Load(ctx, "k", time.Hour); return is(err, session.ErrNotFound) }, []string{"GETEX"}},
		{"create", func() error { return store.Create(ctx, "k", record, time.Hour) }, []string{"SET"}},
		{"create again", func() error { return is(store.Create(ctx, "k", record, time.Hour), session.ErrExists) }, []string{"SET"}},
		{"load", func() error { _, err := store.Load(ctx, "k", 0); return err }, []string{"GET"}},
		{"load and restart", func() error { _, err := store.Load(ctx, "k", time.Hour); return err }, []string{"GETEX"}},
		{"load with ttl", func() error { _, _, err := store.(session.TTLLoader).LoadTTL(ctx, "k"); return err }, []string{"GET", "PTTL"}},
		{"expire", func() error { return store.Expire(ctx, "k", time.Hour) }, []string{"PEXPIRE"}},
		{"expire guarded", func() error {
			return store.(session.GuardedExpirer).ExpireGuarded(ctx, "k", guard, time.Hour)
		}, []string{"EVALSHA"}},
		{"persist", func() error { return store.Expire(ctx, "k", 0) }, []string{"EVALSHA"}},
		{"replace", func() error { return store.Replace(ctx, "k", guard, other, time.Hour) }, []string{"EVALSHA"}},
		{"replace on a conflict", func() error { return conflict(store.Replace(ctx, "k", guard, record, 0)) }, []string{"EVALSHA"}},
		{"remove on a conflict", func() error { return conflict(store.Remove(ctx, "k", guard)) }, []string{"EVALSHA"}},
		{"remove", func() error { return store.Remove(ctx, "k", []byte("rev2")) }, []string{"EVALSHA"}},
		{"replace gone", func() error {
			return is(store.Replace(ctx, "k", guard, record, 0), session.ErrNotFound)
		}, []string{"EVALSHA"}},
		{"delete", func() error { return store.Delete(ctx, "k") }, []string{"UNLINK"}},
	} {
		proxy.Reset()
		if err := step.call(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		var names []string
		for _, c := range proxy.Commands() {
			names = append(names, c[0])
		}
		if n := proxy.RoundTrips(); n != 1 || !slices.Equal(names, step.commands) {
			t.Errorf("%s: %d round trips with %q, want 1 with %q", step.name, n, names, step.commands)
		}
	}
}

// A connection is set up with no more than it needs. go-redis says HELLO.
func TestConnectionSetup(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		for db, want := range []string{"", "SELECT"} {
			if client(t) == "goredis" {
				want = strings.TrimSpace("HELLO " + want)
			}
			store, proxy := behindProxy(t, f, connect.Options{DB: db})
			proxy.Break()
			proxy.Reset()
			if _, err := store.Load(t.Context(), "k", 0); !errors.Is(err, session.ErrNotFound) {
				t.Fatal(err)
			}
			var names []string
			for _, c := range proxy.Setup() {
				names = append(names, c[0])
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("database %d: the set-up is %q, want %q", db, got, want)
			}
		}
	})
}
