package embedded_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

func open(t *testing.T, o connect.Options) session.Store {
	t.Helper()
	store, err := embedded.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestStore(t *testing.T) {
	t.Parallel()
	sessiontest.TestStore(t, sessiontest.Harness{
		Open: func(t *testing.T) session.Store { return open(t, connect.Options{}) },
	})
}

// The clock of a miniredis stands still unless it is told to go.
func TestExpiresInRealTime(t *testing.T) {
	t.Parallel()
	store := open(t, connect.Options{})
	if err := store.Create(t.Context(), "k", []byte("record"), 30*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	connecttest.Eventually(t, time.Minute, func() error {
		if _, err := store.Load(t.Context(), "k", 0); !errors.Is(err, session.ErrNotFound) {
			return errors.New("the record is still there")
		}
		return nil
	})
}

func TestShared(t *testing.T) {
	t.Parallel()
	named := connect.Options{URL: "embedded://" + t.Name()}
	for _, tt := range []struct {
		name       string
		one, other connect.Options
		shared     bool
	}{
		{"no name", connect.Options{}, connect.Options{URL: "embedded://"}, false},
		{"one name", named, named, true},
		{"two names", named, connect.Options{URL: "embedded://other"}, false},
		{"two databases", connect.Options{Mode: connect.Embedded, EmbeddedName: "dbs"},
			connect.Options{Mode: connect.Embedded, EmbeddedName: "dbs", DB: 1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			one, other := open(t, tt.one), open(t, tt.other)
			if err := one.Create(t.Context(), "k", []byte("record"), 0); err != nil {
				t.Fatal(err)
			}
			_, err := other.Load(t.Context(), "k", 0)
			if shared := err == nil; shared != tt.shared {
				t.Errorf("shared is %v, want %v", shared, tt.shared)
			}
		})
	}
}

// A named server lives until the last that uses it is closed, and a new one of
// that name is empty.
func TestLastOneCloses(t *testing.T) {
	t.Parallel()
	o := connect.Options{URL: "embedded://" + t.Name()}
	one, other := open(t, o), open(t, o)
	if err := one.Create(t.Context(), "k", []byte("record"), 0); err != nil {
		t.Fatal(err)
	}
	for range 2 { // closing twice counts once
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := other.Load(t.Context(), "k", 0); err != nil {
		t.Errorf("after the other one was closed: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, o).Load(t.Context(), "k", 0); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a new server of that name: %v, want ErrNotFound", err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []connect.Options{
		{URL: "redis://localhost"},
		{URL: "embedded://user:secret@name"},
		{Client: 1},
	} {
		if store, err := embedded.Connect(t.Context(), o); err == nil {
			_ = store.Close()
			t.Errorf("%v: no error", o)
		}
	}
}

// A command does not walk over all keys, which would allocate a list of them.
func TestCommandsDoNotWalk(t *testing.T) {
	store := open(t, connect.Options{})
	const records, loads = 6000, 300
	for i := range records {
		if err := store.Create(t.Context(), fmt.Sprint("k", i), []byte("record"), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range loads {
		if _, err := store.Load(t.Context(), "k7", time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	// A list of the keys has 16 bytes for each.
	if each := (after.TotalAlloc - before.TotalAlloc) / loads; each > 16*records/2 {
		t.Errorf("%d bytes allocated for one load among %d records", each, records)
	}
}
