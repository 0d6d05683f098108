package session_test

import (
	"context"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// meanwhileStore does something just before an operation, as if another
// request had come in between. Like a real store it refuses to work for a
// context that has ended.
type meanwhileStore struct {
	session.Store
	before map[string]func() // by operation; each is done once
}

// meanwhile returns a store that does f before the first operation of that
// name. f may use the store.
func meanwhile(store session.Store, operation string, f func()) *meanwhileStore {
	return &meanwhileStore{store, map[string]func(){operation: f}}
}

func (m *meanwhileStore) begin(ctx context.Context, operation string) error {
	if f := m.before[operation]; f != nil {
		delete(m.before, operation)
		f()
	}
	return ctx.Err()
}

func (m *meanwhileStore) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	if err := m.begin(ctx, "load"); err != nil {
		return nil, err
	}
	return m.Store.Load(ctx, key, ttl)
}

func (m *meanwhileStore) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	if err := m.begin(ctx, "create"); err != nil {
		return err
	}
	return m.Store.Create(ctx, key, record, ttl)
}

func (m *meanwhileStore) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	if err := m.begin(ctx, "replace"); err != nil {
		return err
	}
	return m.Store.Replace(ctx, key, guard, record, ttl)
}

func (m *meanwhileStore) Expire(ctx context.Context, key string, ttl time.Duration) error {
	if err := m.begin(ctx, "expire"); err != nil {
		return err
	}
	return m.Store.Expire(ctx, key, ttl)
}

func (m *meanwhileStore) Remove(ctx context.Context, key string, guard []byte) error {
	if err := m.begin(ctx, "remove"); err != nil {
		return err
	}
	return m.Store.Remove(ctx, key, guard)
}

func (m *meanwhileStore) Delete(ctx context.Context, key string) error {
	if err := m.begin(ctx, "delete"); err != nil {
		return err
	}
	return m.Store.Delete(ctx, key)
}
