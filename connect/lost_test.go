package connect_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// teachScripts makes the server know the scripts, whose first use takes a
// second command.
func teachScripts(t *testing.T, store session.Store) {
	t.Helper()
	for _, err := range []error{
		store.Replace(t.Context(), "absent", []byte("x"), nil, 0),
		store.Remove(t.Context(), "absent", []byte("x")),
		store.Expire(t.Context(), "absent", 0),
		store.(session.GuardedExpirer).ExpireGuarded(t.Context(), "absent", []byte("x"), 0),
	} {
		if !errors.Is(err, session.ErrNotFound) {
			t.Fatal(err)
		}
	}
}

// The server has carried a command out and the connection broke before the
// answer came: the command is sent again and must not count twice.
func TestLostReply(t *testing.T) {
	t.Parallel()
	forEach(t, testLostReply)
}

func testLostReply(t *testing.T, f connect.Func) {
	store, proxy := behindProxy(t, f, connect.Options{})
	ctx := t.Context()
	teachScripts(t, store)
	create := func(key, record string) {
		t.Helper()
		if err := store.Create(ctx, key, []byte(record), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	want := func(key, record string) {
		t.Helper()
		if got, err := store.Load(ctx, key, 0); err != nil || string(got) != record {
			t.Errorf("stored is %q, %v, want %q", got, err, record)
		}
	}

	t.Run("Load", func(*testing.T) {
		create("load", "rev1")
		proxy.LoseReplies(1)
		want("load", "rev1")
	})
	t.Run("Create", func(*testing.T) {
		proxy.LoseReplies(1)
		create("create", "rev1")
		want("create", "rev1")
	})
	t.Run("Create of what another has created", func(t *testing.T) {
		create("taken", "rev0")
		proxy.LoseReplies(1)
		if err := store.Create(ctx, "taken", []byte("rev1"), time.Hour); !errors.Is(err, session.ErrExists) {
			t.Errorf("got %v, want ErrExists", err)
		}
		want("taken", "rev0")
	})
	t.Run("Replace", func(t *testing.T) {
		create("replace", "rev1")
		proxy.Reset()
		proxy.LoseReplies(1)
		if err := store.Replace(ctx, "replace", []byte("rev1"), []byte("rev2"), time.Hour); err != nil {
			t.Error(err)
		}
		if n := len(proxy.Commands()); n < 2 {
			t.Errorf("only %d commands were sent: no reply was lost", n)
		}
		want("replace", "rev2")
	})
	t.Run("Replace guarded by all of the record", func(t *testing.T) {
		const before, after = "all of the record before", "all of the record afterwards"
		create("whole", before)
		proxy.Reset()
		proxy.LoseReplies(1)
		err := store.Replace(ctx, "whole", []byte(before), []byte(after), time.Hour)
		if _, conflict := errors.AsType[*session.ConflictError](err); conflict || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable: an equal record may be another's", err)
		}
		if n := len(proxy.Commands()); n != 1 {
			t.Errorf("%d commands were sent, want 1: a second one may make the change twice", n)
		}
		want("whole", after)
	})
	t.Run("Remove", func(t *testing.T) {
		create("remove", "rev1")
		proxy.LoseReplies(1)
		if err := store.Remove(ctx, "remove", []byte("rev1")); err != nil {
			t.Error(err)
		}
		if _, err := store.Load(ctx, "remove", 0); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Load: %v, want ErrNotFound", err)
		}
	})
	t.Run("Expire and Delete", func(t *testing.T) {
		create("expire", "rev1")
		proxy.LoseReplies(1)
		if err := store.Expire(ctx, "expire", 2*time.Hour); err != nil {
			t.Error(err)
		}
		proxy.LoseReplies(1)
		if err := store.Delete(ctx, "expire"); err != nil {
			t.Error(err)
		}
	})
	t.Run("LoadTTL", func(t *testing.T) {
		create("loadttl", "rev1")
		proxy.LoseReplies(1)
		if got, _, err := store.(session.TTLLoader).LoadTTL(ctx, "loadttl"); err != nil || string(got) != "rev1" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// A first try whose answer is lost, and a record that another request has
// changed since: reporting a conflict would make the session apply its changes
// again to a record that may have them.
func TestLostReplyThenChanged(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		store, proxy := behindProxy(t, f, connect.Options{})
		teachScripts(t, store)
		if err := store.Create(t.Context(), "k", []byte("rev2 by another"), time.Hour); err != nil {
			t.Fatal(err)
		}
		proxy.LoseReplies(1)
		err := store.Replace(t.Context(), "k", []byte("rev1"), []byte("rev2 mine"), time.Hour)
		var conflict *session.ConflictError
		if errors.As(err, &conflict) || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable and no conflict", err)
		}
	})
}

// Nothing is sent again but by the store, which keeps count: go-redis has
// three retries of its own by default.
func TestNoRetries(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		store, proxy := behindProxy(t, f, connect.Options{MaxRetries: -1})
		proxy.LoseReplies(1)
		err := store.Create(t.Context(), "k", []byte("record"), 0)
		if !errors.Is(err, session.ErrUnavailable) || len(proxy.Commands()) != 1 {
			t.Errorf("got %v after the commands %q", err, proxy.Commands())
		}
	})
}
