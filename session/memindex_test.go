package session_test

import (
	"context"
	"maps"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// memUsers is a memStore that is a session.UserIndex too. Each of its operations takes as long as
// it says, by the clock of the bubble.
type memUsers struct {
	*memStore
	trip  time.Duration
	sets  map[string]map[string]time.Time
	epoch map[string]session.Epoch
}

var _ session.UserIndex = (*memUsers)(nil)

func newMemUsers() *memUsers {
	return &memUsers{memStore: newMemStore(), sets: map[string]map[string]time.Time{}, epoch: map[string]session.Epoch{}}
}

// index counts an operation and returns the set.
func (m *memUsers) index(name, key string, change func(set map[string]time.Time)) session.IndexState {
	pass(m.trip)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, name)
	set := m.sets[key]
	if set == nil {
		set = map[string]time.Time{}
		m.sets[key] = set
	}
	change(set)
	state := session.IndexState{Epoch: session.NoEpoch}
	if e, ok := m.epoch[key]; ok {
		state.Epoch = e
	}
	for member, until := range set {
		state.Entries = append(state.Entries, session.IndexEntry{[]byte(member), until})
	}
	return state
}

func (m *memUsers) IndexAdd(_ context.Context, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
	state := m.index("index add", key, func(set map[string]time.Time) {
		maps.DeleteFunc(set, func(_ string, until time.Time) bool { return !until.IsZero() && until.Before(time.Now()) })
		if before, ok := set[string(member)]; !ok || until.IsZero() || until.After(before) {
			set[string(member)] = until
		}
	})
	if seen != session.AnyEpoch && state.Epoch != session.NoEpoch && state.Epoch != seen {
		return state, session.ErrEnded
	}
	return state, nil
}

func (m *memUsers) IndexRemove(_ context.Context, key string, members ...[]byte) error {
	m.index("index remove", key, func(set map[string]time.Time) {
		for _, member := range members {
			delete(set, string(member))
		}
	})
	return nil
}

func (m *memUsers) IndexList(_ context.Context, key string) (session.IndexState, error) {
	return m.index("index list", key, func(map[string]time.Time) {}), nil
}

func (m *memUsers) IndexClose(_ context.Context, key string, next session.Epoch, _ time.Duration) (session.IndexState, error) {
	return m.index("index close", key, func(map[string]time.Time) { m.epoch[key] = next }), nil
}

func (m *memUsers) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	pass(m.trip)
	return m.memStore.Load(ctx, key, ttl)
}

func (m *memUsers) Create(ctx context.Context, key string, rec []byte, ttl time.Duration) error {
	pass(m.trip)
	return m.memStore.Create(ctx, key, rec, ttl)
}

func (m *memUsers) Replace(ctx context.Context, key string, guard, rec []byte, ttl time.Duration) error {
	pass(m.trip)
	return m.memStore.Replace(ctx, key, guard, rec, ttl)
}

func (m *memUsers) Remove(ctx context.Context, key string, guard []byte) error {
	pass(m.trip)
	return m.memStore.Remove(ctx, key, guard)
}
