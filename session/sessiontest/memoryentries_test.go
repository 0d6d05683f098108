package sessiontest_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var (
	_ session.EntryStore = (*memory)(nil)
	_ session.BatchStore = (*memory)(nil)
)

func (m *memory) CreateEntered(ctx context.Context, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (state session.IndexState, created, added error) {
	if created = m.Create(ctx, key, record, ttl); created != nil {
		return state, created, nil
	}
	for i, set := range e.Sets {
		s, err := m.IndexAdd(ctx, set, e.Member, until, seen)
		if i == 0 {
			state, seen = s, session.AnyEpoch
		}
		added = errors.Join(added, err)
	}
	return state, nil, added
}

// leave makes a guarded change and removes an entry at one moment.
func (m *memory) leave(ctx context.Context, key string, guard []byte, e session.Entry, change func()) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	stored, err := m.find(key)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(stored.record, guard) {
		return &session.ConflictError{Current: bytes.Clone(stored.record)}
	}
	change()
	for _, set := range e.Sets {
		delete(m.set(set).members, string(e.Member))
	}
	return nil
}

func (m *memory) ReplaceLeaving(ctx context.Context, key string, guard, record []byte, ttl time.Duration, e session.Entry) error {
	return m.leave(ctx, key, guard, e, func() { m.put(key, record, ttl) })
}

func (m *memory) RemoveLeaving(ctx context.Context, key string, guard []byte, e session.Entry) error {
	return m.leave(ctx, key, guard, e, func() { delete(m.records, key) })
}

func (m *memory) LoadEach(ctx context.Context, keys []string) ([]session.Loaded, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	loaded := make([]session.Loaded, len(keys))
	for i, key := range keys {
		e, err := m.find(key)
		loaded[i] = session.Loaded{Record: bytes.Clone(e.record), Err: err}
		if !e.expires.IsZero() {
			loaded[i].TTL = e.expires.Sub(m.now)
		}
	}
	return loaded, nil
}

func (m *memory) RemoveEach(ctx context.Context, keys []string, guards [][]byte) ([]error, error) {
	errs := make([]error, len(keys))
	for i := range keys {
		errs[i] = m.Remove(ctx, keys[i], guards[i])
	}
	return errs, nil
}

// brokenEntries breaks one rule of session.EntryStore or session.BatchStore.
type brokenEntries struct {
	*memory
	create func(m *memory, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (session.IndexState, error, error)
	remove func(m *memory, key string, guard []byte, e session.Entry) error
	load   func(m *memory, keys []string) []session.Loaded
	each   func(m *memory, keys []string, guards [][]byte) []error
}

func (b brokenEntries) CreateEntered(ctx context.Context, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (state session.IndexState, created, added error) {
	if b.create != nil {
		return b.create(b.memory, key, record, ttl, e, until, seen)
	}
	return b.memory.CreateEntered(ctx, key, record, ttl, e, until, seen)
}

func (b brokenEntries) RemoveLeaving(ctx context.Context, key string, guard []byte, e session.Entry) error {
	if b.remove != nil {
		return b.remove(b.memory, key, guard, e)
	}
	return b.memory.RemoveLeaving(ctx, key, guard, e)
}

func (b brokenEntries) LoadEach(ctx context.Context, keys []string) ([]session.Loaded, error) {
	if b.load != nil {
		return b.load(b.memory, keys), nil
	}
	return b.memory.LoadEach(ctx, keys)
}

func (b brokenEntries) RemoveEach(ctx context.Context, keys []string, guards [][]byte) ([]error, error) {
	if b.each != nil {
		return b.each(b.memory, keys, guards), nil
	}
	return b.memory.RemoveEach(ctx, keys, guards)
}

// withEntries are named after a case of the suite that must catch them.
var withEntries = map[string]brokenEntries{
	"entry-create": {create: func(m *memory, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (session.IndexState, error, error) {
		e.Sets = e.Sets[:1]
		return m.CreateEntered(context.Background(), key, record, ttl, e, until, seen)
	}},
	"entry-create-exists": {create: func(m *memory, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (session.IndexState, error, error) {
		_ = m.Delete(context.Background(), key)
		return m.CreateEntered(context.Background(), key, record, ttl, e, until, seen)
	}},
	"entry-create-ended": {create: func(m *memory, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, _ session.Epoch) (session.IndexState, error, error) {
		return m.CreateEntered(context.Background(), key, record, ttl, e, until, session.AnyEpoch)
	}},
	"entry-create-order": {create: func(m *memory, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (session.IndexState, error, error) {
		state, added := m.IndexAdd(context.Background(), e.Sets[0], e.Member, until, seen)
		runtime.Gosched() // another comes between
		return state, m.Create(context.Background(), key, record, ttl), added
	}},
	"entry-leave": {remove: func(m *memory, key string, guard []byte, _ session.Entry) error {
		return m.Remove(context.Background(), key, guard)
	}},
	"entry-leave-changed": {remove: func(m *memory, key string, guard []byte, e session.Entry) error {
		_ = m.IndexRemove(context.Background(), e.Sets[0], e.Member)
		return m.RemoveLeaving(context.Background(), key, guard, e)
	}},
	"entry-leave-gone": {remove: func(m *memory, key string, guard []byte, e session.Entry) error {
		err := m.RemoveLeaving(context.Background(), key, guard, e)
		if errors.Is(err, session.ErrNotFound) {
			err = nil
		}
		return err
	}},
	"batch-load": {load: func(m *memory, keys []string) []session.Loaded {
		loaded, _ := m.LoadEach(context.Background(), keys)
		for i := range loaded {
			loaded[i].TTL = 0
		}
		return loaded
	}},
	"batch-remove": {each: func(m *memory, keys []string, guards [][]byte) []error {
		errs, _ := m.RemoveEach(context.Background(), keys, make([][]byte, len(guards)))
		return errs
	}},
	"batch-many": {load: func(m *memory, keys []string) []session.Loaded {
		loaded, _ := m.LoadEach(context.Background(), keys[:min(len(keys), 50)])
		return append(loaded, make([]session.Loaded, len(keys)-len(loaded))...)
	}},
}
