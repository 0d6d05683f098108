package connect_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// A command that the server does not have is sent once; from then on its
// substitute is, in one round trip, by every connector.
func TestMissingCommandIsSentOnce(t *testing.T) {
	t.Parallel()
	srv := renamed("GETEX", "UNLINK")(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		proxy := connecttest.Proxy(t, srv.Addr())
		store := open(t, f, connect.Options{URL: proxy.URL()})
		ctx, key := t.Context(), "session:"+t.Name()
		if err := store.Create(ctx, key, []byte("record"), time.Minute); err != nil {
			t.Fatal(err)
		}
		step := func(call func() error, want ...string) {
			t.Helper()
			proxy.Reset()
			if err := call(); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, c := range proxy.Commands() {
				names = append(names, c[0])
			}
			if n := proxy.RoundTrips(); n != 1 || !slices.Equal(names, want) {
				t.Errorf("%d round trips with %q, want 1 with %q", n, names, want)
			}
		}
		load := func() error { _, err := store.Load(ctx, key, time.Hour); return err }
		remove := func() error { return store.Delete(ctx, key) }
		if err := load(); err != nil {
			t.Fatal(err)
		}
		step(load, "GET", "PEXPIRE")
		proxy.LoseReplies(1)
		if err := load(); err != nil {
			t.Errorf("a lost reply: %v", err)
		}
		if ttl := srv.Client().PTTL(ctx, key).Val(); ttl <= time.Minute {
			t.Errorf("the time to live is %v: it was not restarted", ttl)
		}
		if err := remove(); err != nil {
			t.Fatal(err)
		}
		step(remove, "DEL")
		if err := load(); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Load after Delete: %v", err)
		}
	})
}

// A key of another type says nothing about the commands.
func TestWrongTypeIsNoMissingCommand(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		srv := connecttest.RedisServer(t)
		proxy := connecttest.Proxy(t, srv.Addr())
		store := open(t, f, connect.Options{URL: proxy.URL()})
		if err := srv.Client().HSet(t.Context(), "k", "a", "b").Err(); err != nil {
			t.Fatal(err)
		}
		proxy.Reset()
		if _, err := store.Load(t.Context(), "k", time.Hour); err == nil || len(proxy.Commands()) != 1 {
			t.Errorf("%v, after %q", err, proxy.Commands())
		}
	})
}
