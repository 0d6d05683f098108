package session_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// memStore is a Store in this process whose clock is time.Now, so that tests in
// a synctest bubble can let days pass. It counts its commands.
type memStore struct {
	mu      sync.Mutex
	records map[string]memRecord
	calls   []string
	err     error // what every command returns, when set
}

type memRecord struct {
	data    []byte
	expires time.Time     // zero: never
	ttl     time.Duration // what expires was made of
}

var _ session.Store = (*memStore)(nil)

func newMemStore() *memStore { return &memStore{records: map[string]memRecord{}} }

// begin counts a command and returns the live record at key.
func (m *memStore) begin(name, key string) (memRecord, bool, error) {
	m.calls = append(m.calls, name)
	r, ok := m.records[key]
	if ok && !r.expires.IsZero() && !time.Now().Before(r.expires) {
		delete(m.records, key)
		ok = false
	}
	return r, ok, m.err
}

func (m *memStore) put(key string, data []byte, ttl time.Duration) {
	r := memRecord{data: bytes.Clone(data), ttl: ttl}
	if ttl > 0 {
		r.expires = time.Now().Add(ttl)
	}
	m.records[key] = r
}

func (m *memStore) Load(_ context.Context, key string, ttl time.Duration) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok, err := m.begin("load", key)
	if err != nil || !ok {
		return nil, cmpErr(err, session.ErrNotFound)
	}
	if ttl > 0 {
		m.put(key, r.data, ttl)
	}
	return bytes.Clone(r.data), nil
}

func (m *memStore) Create(_ context.Context, key string, record []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok, err := m.begin("create", key)
	if err != nil || ok {
		return cmpErr(err, session.ErrExists)
	}
	m.put(key, record, ttl)
	return nil
}

func (m *memStore) guarded(name, key string, guard []byte) error {
	r, ok, err := m.begin(name, key)
	switch {
	case err != nil:
		return err
	case !ok:
		return session.ErrNotFound
	case !bytes.HasPrefix(r.data, guard):
		return &session.ConflictError{Current: bytes.Clone(r.data)}
	}
	return nil
}

func (m *memStore) Replace(_ context.Context, key string, guard, record []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.guarded("replace", key, guard); err != nil {
		return err
	}
	m.put(key, record, ttl)
	return nil
}

func (m *memStore) Remove(_ context.Context, key string, guard []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.guarded("remove", key, guard); err != nil {
		return err
	}
	delete(m.records, key)
	return nil
}

func (m *memStore) Expire(_ context.Context, key string, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok, err := m.begin("expire", key)
	if err != nil || !ok {
		return cmpErr(err, session.ErrNotFound)
	}
	m.put(key, r.data, ttl)
	return nil
}

func (m *memStore) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _, err := m.begin("delete", key)
	if err == nil {
		delete(m.records, key)
	}
	return err
}

func (m *memStore) Close() error { return nil }

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// takeCalls returns the commands since the last call.
func (m *memStore) takeCalls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := m.calls
	m.calls = nil
	return calls
}
