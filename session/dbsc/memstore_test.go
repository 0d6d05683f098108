package dbsc_test

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// memStore is a store in this process whose clock is time.Now, so that tests in a synctest
// bubble can let time pass. It counts its commands, and fails all of them while err is set.
type memStore struct {
	mu      sync.Mutex
	records map[string]memRecord
	calls   atomic.Int64
	err     error
}

type memRecord struct {
	data    []byte
	expires time.Time // zero: never
}

func newMemStore() *memStore { return &memStore{records: map[string]memRecord{}} }

// with calls f with the live record at key, unless the store is down.
func (m *memStore) with(key string, f func(r memRecord, ok bool) error) error {
	m.calls.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	r, ok := m.records[key]
	if ok && !r.expires.IsZero() && !time.Now().Before(r.expires) {
		delete(m.records, key)
		ok = false
	}
	return f(r, ok)
}

func (m *memStore) put(key string, data []byte, ttl time.Duration) {
	r := memRecord{data: bytes.Clone(data)}
	if ttl > 0 {
		r.expires = time.Now().Add(ttl)
	}
	m.records[key] = r
}

func (m *memStore) Load(_ context.Context, key string, ttl time.Duration) (record []byte, err error) {
	err = m.with(key, func(r memRecord, ok bool) error {
		if !ok {
			return session.ErrNotFound
		}
		if record = bytes.Clone(r.data); ttl > 0 {
			m.put(key, r.data, ttl)
		}
		return nil
	})
	return record, err
}

func (m *memStore) LoadTTL(_ context.Context, key string) (record []byte, ttl time.Duration, err error) {
	err = m.with(key, func(r memRecord, ok bool) error {
		if !ok {
			return session.ErrNotFound
		}
		if record = bytes.Clone(r.data); !r.expires.IsZero() {
			ttl = time.Until(r.expires)
		}
		return nil
	})
	return record, ttl, err
}

func (m *memStore) Create(_ context.Context, key string, record []byte, ttl time.Duration) error {
	return m.with(key, func(_ memRecord, ok bool) error {
		if ok {
			return session.ErrExists
		}
		m.put(key, record, ttl)
		return nil
	})
}

func (m *memStore) guarded(key string, guard []byte, f func(r memRecord)) error {
	return m.with(key, func(r memRecord, ok bool) error {
		switch {
		case !ok:
			return session.ErrNotFound
		case !bytes.HasPrefix(r.data, guard):
			return &session.ConflictError{Current: bytes.Clone(r.data)}
		}
		f(r)
		return nil
	})
}

func (m *memStore) Replace(_ context.Context, key string, guard, record []byte, ttl time.Duration) error {
	return m.guarded(key, guard, func(memRecord) { m.put(key, record, ttl) })
}

func (m *memStore) ReplaceKeepTTL(_ context.Context, key string, guard, record []byte) error {
	return m.guarded(key, guard, func(r memRecord) {
		m.records[key] = memRecord{data: bytes.Clone(record), expires: r.expires}
	})
}

func (m *memStore) Remove(_ context.Context, key string, guard []byte) error {
	return m.guarded(key, guard, func(memRecord) { delete(m.records, key) })
}

func (m *memStore) Expire(_ context.Context, key string, ttl time.Duration) error {
	return m.with(key, func(r memRecord, ok bool) error {
		if !ok {
			return session.ErrNotFound
		}
		m.put(key, r.data, ttl)
		return nil
	})
}

func (m *memStore) Delete(_ context.Context, key string) error {
	return m.with(key, func(memRecord, bool) error {
		delete(m.records, key)
		return nil
	})
}

func (m *memStore) Close() error { return nil }

// fail makes every command fail, or work again.
func (m *memStore) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// count is how many records there are.
func (m *memStore) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}
