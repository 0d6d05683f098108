package handlertest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// store keeps records in memory, by the kit's clock. It lets the kit look at every
// operation before it is carried out.
type store struct {
	kit     *Kit
	mu      sync.Mutex
	records map[string]entry
	sets    map[string]*set
}

type entry struct {
	record  []byte
	expires time.Time // zero: never
}

var (
	_ session.Store          = (*store)(nil)
	_ session.TTLLoader      = (*store)(nil)
	_ session.TTLKeeper      = (*store)(nil)
	_ session.GuardedExpirer = (*store)(nil)
	_ session.Pinger         = (*store)(nil)
	_ session.Clock          = (*store)(nil)
)

func newStore(k *Kit) *store {
	return &store{kit: k, records: map[string]entry{}, sets: map[string]*set{}}
}

// copied returns a store that holds the same.
func (s *store) copied() *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := newStore(s.kit)
	maps.Copy(c.records, s.records)
	for key, in := range s.sets {
		c.sets[key] = &set{in.epoch, in.epochUntil, maps.Clone(in.members)}
	}
	return c
}

// become makes the store hold what other does.
func (s *store) become(other *store) {
	c := other.copied()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records, s.sets = c.records, c.sets
}

// The names of operations, in the kit and in a schedule.
const (
	opLoad    = "loads"
	opPing    = "pings"
	opAdd     = "adds a session to"
	opTakeOut = "takes a session out of"
	opList    = "lists"
	opEnd     = "ends"
)

// do waits for the operation's turn, then runs it under the lock.
func (s *store) do(ctx context.Context, op, key string, operation func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.kit.operation(ctx, op, key, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		return operation()
	})
}

// find returns what is at key and has not expired.
func (s *store) find(key string) (entry, error) {
	e, ok := s.records[key]
	if ok && !e.expires.IsZero() && !e.expires.After(s.Now()) {
		delete(s.records, key)
		ok = false
	}
	if !ok {
		return entry{}, session.ErrNotFound
	}
	return e, nil
}

// guarded returns what is at key while it begins with guard.
func (s *store) guarded(key string, guard []byte) (entry, error) {
	e, err := s.find(key)
	if err == nil && !bytes.HasPrefix(e.record, guard) {
		err = &session.ConflictError{Current: bytes.Clone(e.record)}
	}
	return e, err
}

// expiry returns when a time to live that begins now will be over.
func (s *store) expiry(ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return s.Now().Add(ttl)
}

func (s *store) Load(ctx context.Context, key string, ttl time.Duration) (record []byte, err error) {
	err = s.do(ctx, opLoad, key, func() error {
		e, err := s.find(key)
		if err != nil {
			return err
		}
		if ttl > 0 && !arranging(ctx) {
			s.records[key] = entry{e.record, s.expiry(ttl)}
		}
		record = bytes.Clone(e.record)
		return nil
	})
	return record, err
}

func (s *store) LoadTTL(ctx context.Context, key string) (record []byte, ttl time.Duration, err error) {
	err = s.do(ctx, opLoad, key, func() (err error) {
		record, ttl, err = s.look(key)
		return err
	})
	return record, ttl, err
}

func (s *store) look(key string) (record []byte, ttl time.Duration, err error) {
	e, err := s.find(key)
	if err != nil {
		return nil, 0, err
	}
	if !e.expires.IsZero() {
		ttl = e.expires.Sub(s.Now())
	}
	return bytes.Clone(e.record), ttl, nil
}

func (s *store) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	return s.do(ctx, "creates", key, func() error { return s.create(key, record, ttl) })
}

func (s *store) create(key string, record []byte, ttl time.Duration) error {
	if _, err := s.find(key); err == nil {
		return session.ErrExists
	}
	s.records[key] = entry{bytes.Clone(record), s.expiry(ttl)}
	return nil
}

func (s *store) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	return s.do(ctx, "saves", key, func() error {
		if _, err := s.guarded(key, guard); err != nil {
			return err
		}
		s.records[key] = entry{bytes.Clone(record), s.expiry(ttl)}
		return nil
	})
}

func (s *store) ReplaceKeepTTL(ctx context.Context, key string, guard, record []byte) error {
	return s.do(ctx, "saves", key, func() error {
		e, err := s.guarded(key, guard)
		if err != nil {
			return err
		}
		s.records[key] = entry{bytes.Clone(record), e.expires}
		return nil
	})
}

func (s *store) Expire(ctx context.Context, key string, ttl time.Duration) error {
	return s.ExpireGuarded(ctx, key, nil, ttl)
}

func (s *store) ExpireGuarded(ctx context.Context, key string, guard []byte, ttl time.Duration) error {
	return s.do(ctx, "restarts the timeout of", key, func() error {
		e, err := s.guarded(key, guard)
		if err == nil && !arranging(ctx) {
			s.records[key] = entry{e.record, s.expiry(ttl)}
		}
		return err
	})
}

func (s *store) Remove(ctx context.Context, key string, guard []byte) error {
	return s.do(ctx, "removes", key, func() error { return s.remove(key, guard) })
}

func (s *store) remove(key string, guard []byte) error {
	_, err := s.guarded(key, guard)
	if err == nil {
		delete(s.records, key)
	}
	return err
}

func (s *store) Delete(ctx context.Context, key string) error {
	return s.do(ctx, "removes", key, func() error {
		delete(s.records, key)
		return nil
	})
}

func (s *store) Ping(ctx context.Context) error {
	return s.do(ctx, opPing, "", func() error { return nil })
}

func (s *store) Close() error { return nil }

func (s *store) Now() time.Time { return s.kit.clock.Now() }

// Pause waits by the kit's clock. In an interleaving the pause is over when its turn comes.
func (s *store) Pause(ctx context.Context, d time.Duration) error {
	if t := taskOf(ctx); t != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.pause(d)
		return ctx.Err()
	}
	return s.kit.clock.wait(ctx, d)
}

// errDown is what every operation returns while the kit is down.
var errDown = errors.New("handlertest: the store does not answer, since Kit.Down")
