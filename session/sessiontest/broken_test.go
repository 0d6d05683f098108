package sessiontest_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// broken wraps a store that keeps the rules with functions that break one.
type broken struct {
	session.Store

	load    func(s session.Store, ctx context.Context, key string, ttl time.Duration) ([]byte, error)
	create  func(s session.Store, ctx context.Context, key string, record []byte, ttl time.Duration) error
	replace func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error
	expire  func(s session.Store, ctx context.Context, key string, ttl time.Duration) error
	remove  func(s session.Store, ctx context.Context, key string, guard []byte) error
	keep    func(s session.Store, ctx context.Context, key string, guard, record []byte) error
	ping    func() error
}

func (b broken) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	if b.load != nil {
		return b.load(b.Store, ctx, key, ttl)
	}
	return b.Store.Load(ctx, key, ttl)
}

func (b broken) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	if b.create != nil {
		return b.create(b.Store, ctx, key, record, ttl)
	}
	return b.Store.Create(ctx, key, record, ttl)
}

func (b broken) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	if b.replace != nil {
		return b.replace(b.Store, ctx, key, guard, record, ttl)
	}
	return b.Store.Replace(ctx, key, guard, record, ttl)
}

func (b broken) Expire(ctx context.Context, key string, ttl time.Duration) error {
	if b.expire != nil {
		return b.expire(b.Store, ctx, key, ttl)
	}
	return b.Store.Expire(ctx, key, ttl)
}

func (b broken) Remove(ctx context.Context, key string, guard []byte) error {
	if b.remove != nil {
		return b.remove(b.Store, ctx, key, guard)
	}
	return b.Store.Remove(ctx, key, guard)
}

// ReplaceKeepTTL is the memory's, unless keep is set.
func (b broken) ReplaceKeepTTL(ctx context.Context, key string, guard, record []byte) error {
	if b.keep != nil {
		return b.keep(b.Store, ctx, key, guard, record)
	}
	return b.Store.(session.TTLKeeper).ReplaceKeepTTL(ctx, key, guard, record)
}

// Ping is the memory's, unless ping is set.
func (b broken) Ping(ctx context.Context) error {
	if b.ping != nil {
		return b.ping()
	}
	return b.Store.(session.Pinger).Ping(ctx)
}

// stores are named after a case of the suite that must catch them.
var stores = map[string]broken{
	"load-restarts-ttl": {load: func(s session.Store, ctx context.Context, key string, _ time.Duration) ([]byte, error) {
		return s.Load(ctx, key, 0)
	}},
	"load-keeps-ttl": {load: func(s session.Store, ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
		if ttl <= 0 {
			_ = s.Expire(ctx, key, 0)
		}
		return s.Load(ctx, key, ttl)
	}},
	"create-exists": {create: func(s session.Store, ctx context.Context, key string, record []byte, ttl time.Duration) error {
		_ = s.Delete(ctx, key)
		return s.Create(ctx, key, record, ttl)
	}},
	"create-short-ttl": {create: func(s session.Store, ctx context.Context, key string, record []byte, ttl time.Duration) error {
		return s.Create(ctx, key, record, ttl.Truncate(time.Millisecond))
	}},
	"create-never": {create: func(s session.Store, ctx context.Context, key string, record []byte, ttl time.Duration) error {
		if ttl < 0 {
			ttl = time.Millisecond
		}
		return s.Create(ctx, key, record, ttl)
	}},
	"replace-gone": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		if err := s.Create(ctx, key, record, ttl); err == nil {
			return nil
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"replace-changed": {replace: func(s session.Store, ctx context.Context, key string, _, record []byte, ttl time.Duration) error {
		return s.Replace(ctx, key, nil, record, ttl)
	}},
	"replace-ttl": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		return s.Replace(ctx, key, guard, record, ttl.Truncate(time.Second))
	}},
	"large": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		if len(record) > 1<<14 {
			ttl = max(ttl, 5*time.Second)
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"large-changed": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		if len(record) > 1<<14 {
			guard = nil
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"large-gone": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		if len(record) > 1<<14 && s.Create(ctx, key, record, ttl) == nil {
			return nil
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"large-concurrent": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		if len(record) > 1<<14 && strings.HasPrefix(string(record), "000000000050") {
			return nil // one save is lost
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"replace-twice": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		if now, err := s.Load(ctx, key, 0); err == nil && string(now) == string(record) {
			return nil
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"replace-equal": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		if string(guard) == string(record) {
			return &session.ConflictError{Current: record}
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"concurrent-equal": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		err := s.Replace(ctx, key, guard, record, ttl)
		if conflict, ok := errors.AsType[*session.ConflictError](err); ok && string(conflict.Current) == string(record) {
			return nil
		}
		return err
	}},
	"concurrent-replace": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		now, err := s.Load(ctx, key, 0)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(string(now), string(guard)) {
			return &session.ConflictError{Current: now}
		}
		runtime.Gosched() // another comes between
		return s.Replace(ctx, key, nil, record, ttl)
	}},
	"expire-absent": {expire: func(s session.Store, ctx context.Context, key string, ttl time.Duration) error {
		if err := s.Expire(ctx, key, ttl); !errors.Is(err, session.ErrNotFound) {
			return err
		}
		return nil
	}},
	"remove-changed": {remove: func(s session.Store, ctx context.Context, key string, _ []byte) error {
		return s.Remove(ctx, key, nil)
	}},
	"record-buffers": {replace: func(s session.Store, ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
		defer clear(guard)
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"record-bytes": {load: func(s session.Store, ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
		record, err := s.Load(ctx, key, ttl)
		return []byte(strings.ToValidUTF8(string(record), "?")), err
	}},
	"keepttl": {keep: func(s session.Store, ctx context.Context, key string, guard, record []byte) error {
		return s.Replace(ctx, key, guard, record, 2*time.Hour)
	}},
	"keepttl-changed": {keep: func(s session.Store, ctx context.Context, key string, _, record []byte) error {
		return s.(session.TTLKeeper).ReplaceKeepTTL(ctx, key, nil, record)
	}},
	"keepttl-gone": {keep: func(s session.Store, ctx context.Context, key string, guard, record []byte) error {
		if err := s.Create(ctx, key, record, 0); err == nil {
			return nil
		}
		return s.(session.TTLKeeper).ReplaceKeepTTL(ctx, key, guard, record)
	}},
	"ping": {ping: func() error { return session.ErrUnavailable }},
	"context-cancelled": {load: func(s session.Store, ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
		return s.Load(context.WithoutCancel(ctx), key, ttl)
	}},
}

// brokenStore is the variable that makes the test binary run the suite on a
// broken store.
const brokenStore = "SESSIONTEST_BROKEN_STORE"

// TestCatches shows that the suite can fail: it runs the case of each rule on a store that
// breaks the rule, in another process, and looks for the case's name.
func TestCatches(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Concat(slices.Collect(maps.Keys(stores)), slices.Collect(maps.Keys(comparers)), slices.Collect(maps.Keys(indexes)), slices.Collect(maps.Keys(withEntries))) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBroken$/^"+name+"$")
			cmd.Env = append(os.Environ(), brokenStore+"="+name)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL: TestBroken/"+name) {
				t.Errorf("the suite did not catch it: %v\n%s", err, out)
			}
		})
	}
}

func TestBroken(t *testing.T) {
	name, m := os.Getenv(brokenStore), newMemory()
	if b, ok := stores[name]; ok {
		b.Store = m
		sessiontest.TestStore(t, harness(m, b))
	} else if c, ok := comparers[name]; ok {
		c.Store = m
		sessiontest.TestStore(t, harness(m, c))
	} else if i, ok := indexes[name]; ok {
		i.memory = m
		sessiontest.TestStore(t, harness(m, i))
	} else if e, ok := withEntries[name]; ok {
		e.memory = m
		sessiontest.TestStore(t, harness(m, e))
	} else {
		t.Skip("TestCatches runs this")
	}
}
