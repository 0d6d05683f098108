package sessiontest_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// comparer makes a store a session.RecordComparer that keeps the rules, with
// functions that break one.
type comparer struct {
	session.Store

	replace func(s session.Store, ctx context.Context, key string, guard, old, record []byte, ttl time.Duration) error
	remove  func(s session.Store, ctx context.Context, key string, guard, old []byte) error
	expire  func(s session.Store, ctx context.Context, key string, guard, old []byte, ttl time.Duration) error
}

var _ session.RecordComparer = comparer{}

func (c comparer) ReplaceRecord(ctx context.Context, key string, guard, old, record []byte, ttl time.Duration) error {
	if c.replace != nil {
		return c.replace(c.Store, ctx, key, guard, old, record, ttl)
	}
	return c.Replace(ctx, key, guard, record, ttl)
}

func (c comparer) RemoveRecord(ctx context.Context, key string, guard, old []byte) error {
	if c.remove != nil {
		return c.remove(c.Store, ctx, key, guard, old)
	}
	return c.Remove(ctx, key, guard)
}

func (c comparer) ExpireRecord(ctx context.Context, key string, guard, old []byte, ttl time.Duration) error {
	if c.expire != nil {
		return c.expire(c.Store, ctx, key, guard, old, ttl)
	}
	stored, err := c.Load(ctx, key, 0)
	if err != nil {
		return err
	}
	if !bytes.Equal(stored, old) {
		return &session.ConflictError{}
	}
	return c.Expire(ctx, key, ttl)
}

// The suite has nothing to say about a store that keeps the rules.
func TestComparer(t *testing.T) {
	t.Parallel()
	m := newMemory()
	sessiontest.TestStore(t, harness(m, comparer{Store: m}))
}

// comparers are named after a case of the suite that must catch them.
var comparers = map[string]comparer{
	"compare-replace-changed": {replace: func(s session.Store, ctx context.Context, key string, _, _, record []byte, ttl time.Duration) error {
		return s.Replace(ctx, key, nil, record, ttl)
	}},
	"compare-replace-never": {replace: func(s session.Store, ctx context.Context, key string, guard, _, record []byte, ttl time.Duration) error {
		if ttl <= 0 {
			ttl = time.Hour
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"compare-replace-equal": {replace: func(s session.Store, ctx context.Context, key string, guard, _, record []byte, ttl time.Duration) error {
		if now, err := s.Load(ctx, key, 0); err == nil && bytes.Equal(now, record) {
			return nil
		}
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"compare-replace-gone": {replace: func(s session.Store, ctx context.Context, key string, guard, _, record []byte, ttl time.Duration) error {
		err := s.Replace(ctx, key, guard, record, ttl)
		if errors.Is(err, session.ErrNotFound) {
			return s.Create(ctx, key, record, ttl)
		}
		return err
	}},
	"compare-remove-changed": {remove: func(s session.Store, ctx context.Context, key string, _, _ []byte) error {
		return s.Remove(ctx, key, nil)
	}},
	"compare-expire-changed": {expire: func(s session.Store, ctx context.Context, key string, _, old []byte, ttl time.Duration) error {
		return s.Replace(ctx, key, nil, old, ttl)
	}},
	"compare-buffers": {replace: func(s session.Store, ctx context.Context, key string, guard, old, record []byte, ttl time.Duration) error {
		defer clear(old)
		return s.Replace(ctx, key, guard, record, ttl)
	}},
	"concurrent-compare": {replace: func(s session.Store, ctx context.Context, key string, _, old, record []byte, ttl time.Duration) error {
		now, err := s.Load(ctx, key, 0)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, old) {
			return &session.ConflictError{Current: now}
		}
		runtime.Gosched() // another comes between
		return s.Replace(ctx, key, nil, record, ttl)
	}},
}
