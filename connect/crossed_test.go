package connect_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// A reply that is one to another command must not be taken for the news that a
// change was made.
func TestCrossedReplyIsNoSuccess(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		store, proxy := behindProxy(t, f, connect.Options{})
		teachScripts(t, store)
		ctx := t.Context()
		for _, key := range []string{"k", "other"} {
			if err := store.Create(ctx, key, []byte("rev1 record"), time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		record := func() error { _, err := store.Load(ctx, "other", 0); return err }
		status := func() error { return store.Create(ctx, time.Now().String(), []byte("x"), time.Hour) }
		number := func() error { return store.Expire(ctx, "other", time.Hour) }

		for name, tt := range map[string]struct {
			before func() error // whose reply comes in the place of the right one
			call   func() error
		}{
			"create, a record":  {record, func() error { return store.Create(ctx, "new", []byte("y"), time.Hour) }},
			"create, a number":  {number, func() error { return store.Create(ctx, "new", []byte("y"), time.Hour) }},
			"replace, a record": {record, func() error { return store.Replace(ctx, "k", []byte("old"), []byte("y"), time.Hour) }},
			"replace, a status": {status, func() error { return store.Replace(ctx, "k", []byte("old"), []byte("y"), time.Hour) }},
			"remove, a record":  {record, func() error { return store.Remove(ctx, "k", []byte("old")) }},
			"remove, a status":  {status, func() error { return store.Remove(ctx, "k", []byte("old")) }},
			"expire, a record":  {record, func() error { return store.Expire(ctx, "k", time.Hour) }},
			"expire, a status":  {status, func() error { return store.Expire(ctx, "k", 0) }},
		} {
			if err := tt.before(); err != nil {
				t.Fatal(err)
			}
			proxy.ShiftReplies(true)
			err := tt.call()
			proxy.ShiftReplies(false)
			if !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("%s in the place of its reply: %v, want ErrUnavailable", name, err)
			}
		}
	})
}
