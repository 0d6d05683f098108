package sessiontest_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// memory is a whole Store: it keeps records in a map. A connector to another
// database has the same seven methods.
type memory struct {
	mu      sync.Mutex
	records map[string]entry
	now     time.Time // stands still until the harness advances it

	sets map[string]*set
}

type entry struct {
	record  []byte
	expires time.Time // zero for a record that never does
}

var (
	_ session.Store     = (*memory)(nil)
	_ session.TTLKeeper = (*memory)(nil)
	_ session.Pinger    = (*memory)(nil)
)

// newMemory returns a memory whose clock is as far behind as that of a test that has run for
// a minute already, so that what mixes it up with the real one fails at once.
func newMemory() *memory {
	return &memory{records: map[string]entry{}, now: time.Now().Add(-time.Minute)}
}

// enter looks at the context and takes the lock.
func (m *memory) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	return m.mu.Unlock, nil
}

// find returns what is at key and has not expired.
func (m *memory) find(key string) (entry, error) {
	e, ok := m.records[key]
	if !ok || !e.expires.IsZero() && !e.expires.After(m.now) {
		return entry{}, session.ErrNotFound
	}
	return e, nil
}

// put keeps a copy of the record: the caller may use its bytes again.
func (m *memory) put(key string, record []byte, ttl time.Duration) {
	e := entry{record: bytes.Clone(record)}
	if ttl > 0 {
		e.expires = m.now.Add(ttl)
	}
	m.records[key] = e
}

func (m *memory) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	e, err := m.find(key)
	if err != nil {
		return nil, err
	}
	if ttl > 0 {
		m.put(key, e.record, ttl)
	}
	return bytes.Clone(e.record), nil
}

func (m *memory) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if _, err := m.find(key); err == nil {
		return session.ErrExists
	}
	m.put(key, record, ttl)
	return nil
}

func (m *memory) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	e, err := m.find(key)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(e.record, guard) {
		return &session.ConflictError{Current: bytes.Clone(e.record)}
	}
	m.put(key, record, ttl)
	return nil
}

func (m *memory) Expire(ctx context.Context, key string, ttl time.Duration) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	e, err := m.find(key)
	if err != nil {
		return err
	}
	m.put(key, e.record, ttl)
	return nil
}

func (m *memory) Remove(ctx context.Context, key string, guard []byte) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	e, err := m.find(key)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(e.record, guard) {
		return &session.ConflictError{Current: bytes.Clone(e.record)}
	}
	delete(m.records, key)
	return nil
}

func (m *memory) Delete(ctx context.Context, key string) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	delete(m.records, key)
	return nil
}

func (m *memory) Close() error { return nil }

func (m *memory) ReplaceKeepTTL(ctx context.Context, key string, guard, record []byte) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	e, err := m.find(key)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(e.record, guard) {
		return &session.ConflictError{Current: bytes.Clone(e.record)}
	}
	m.records[key] = entry{bytes.Clone(record), e.expires}
	return nil
}

func (m *memory) Ping(ctx context.Context) error { return ctx.Err() }

// harness says how to open a memory, how to look into it, and how to make time
// pass.
func harness(m *memory, store session.Store) sessiontest.Harness {
	return sessiontest.Harness{
		Open: func(*testing.T) session.Store { return store },
		TTL: func(_ *testing.T, key string) (time.Duration, bool) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if s := m.sets[key]; s != nil {
				if s.stays.IsZero() {
					return 0, s.epoch != session.NoEpoch || len(s.members) > 0
				}
				return time.Until(s.stays), true
			}
			e, err := m.find(key)
			if err != nil || e.expires.IsZero() {
				return 0, !errors.Is(err, session.ErrNotFound)
			}
			return e.expires.Sub(m.now), true
		},
		Advance: func(d time.Duration) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.now = m.now.Add(d)
		},
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	m := newMemory()
	sessiontest.TestStore(t, harness(m, m))
}
