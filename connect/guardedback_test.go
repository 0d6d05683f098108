package connect_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// What a store has found out about one server does not keep it from the next one's
// means: a server without scripts is replaced by one without IFEQ, and comes back.
func TestGuardedSaveServerComesBack(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		native, scripts := connecttest.ValkeyServerWithoutLua(t), connecttest.RedisServer(t)
		at := movingAddress(t, native)
		store := open(t, f, connect.Options{URL: "redis://" + at.addr})
		old, next := record("revision 001", 100), record("revision 002", 100)
		for i, srv := range []*connecttest.Server{native, scripts, native, scripts} {
			at.move(srv)
			key := "session:" + t.Name()
			if err := store.Create(t.Context(), key, old, time.Hour); err != nil {
				t.Fatal(err)
			}
			if err := store.(session.RecordComparer).ReplaceRecord(t.Context(), key, old[:12], old, next, time.Hour); err != nil {
				t.Errorf("server %d: replace: %v", i, err)
			}
			if err := store.Remove(t.Context(), key, next[:12]); err != nil {
				t.Errorf("server %d: remove: %v", i, err)
			}
		}
	})
}

// With native, a server that has no IFEQ is replaced by one that has it, and comes back.
func TestGuardedSaveNativeComesLater(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		before, after := connecttest.RedisServer(t), connecttest.ValkeyServer(t)
		at := movingAddress(t, before)
		store := open(t, f, connect.Options{URL: "redis://" + at.addr, GuardedSave: connect.GuardedSaveNative, LazyConnect: true})
		old, next := record("revision 001", 100), record("revision 002", 100)
		for _, srv := range []*connecttest.Server{before, after, before} {
			at.move(srv)
			if err := store.Create(t.Context(), "session:a", old, time.Hour); err != nil {
				t.Fatal(err)
			}
			err := store.Replace(t.Context(), "session:a", old[:12], next, time.Hour)
			if srv == after && err != nil {
				t.Errorf("replace: %v", err)
			}
			if srv == before {
				refusedFor(t, err, "set guarded_save to auto or script")
			}
			if err := store.Delete(t.Context(), "session:a"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A right that is missing for a while is named, and missed no longer than that.
func TestGuardedSaveRightComesBack(t *testing.T) {
	t.Parallel()
	srv := connecttest.ValkeyServerWithoutLua(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		name := userWith(t, srv, "")
		store := open(t, f, connect.Options{URL: "redis://" + name + ":pass@" + srv.Addr()})
		key, old := "session:"+t.Name(), record("revision 001", 100)
		if err := store.Create(t.Context(), key, old, time.Hour); err != nil {
			t.Fatal(err)
		}
		may := func(rule string) {
			t.Helper()
			if err := srv.Client().Do(t.Context(), "acl", "setuser", name, rule).Err(); err != nil {
				t.Fatal(err)
			}
		}
		may("-get")
		refusedFor(t, store.Remove(t.Context(), key, old[:12]), "may not run GET (NOPERM); allow it with +get")
		may("+get")
		if err := store.Remove(t.Context(), key, old[:12]); err != nil {
			t.Errorf("with the right back: %v", err)
		}
	})
}

func refusedFor(t *testing.T, err error, want string) {
	t.Helper()
	if !errors.Is(err, session.ErrRefused) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
