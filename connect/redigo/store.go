package redigo

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.Store = (*store)(nil)

// store keeps records through a pool of redigo connections.
type store struct {
	pool  *redis.Pool
	owned bool // the pool ends with the store

	// place is what errors say about where Redis is.
	place string
	// timeout is how long to wait for a reply.
	timeout time.Duration
	// retries is how often a command is sent again.
	retries int
	// broken is when a connection broke last, in Unix nanoseconds.
	broken atomic.Int64
	closed atomic.Bool

	without without
	guarded dialect.Guarded
}

// Load reads the record with GET, or with GETEX when its time to live is to
// restart. The bytes are those that redigo read from the connection.
func (s *store) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	if ttl > 0 && s.without.getex.Load() {
		return s.loadWithoutGETEX(ctx, key, ttl)
	}
	var reply any
	var err error
	if ttl > 0 {
		reply, _, err = s.do(ctx, "GETEX", key, "PX", dialect.Millis(ttl))
	} else {
		reply, _, err = s.do(ctx, "GET", key)
	}
	if err == nil {
		return s.record("load", reply)
	}
	if ttl > 0 && lacks(err) {
		if record, err := s.loadWithoutGETEX(ctx, key, ttl); err == nil || errors.Is(err, session.ErrNotFound) {
			s.without.getex.Store(true)
			return record, err
		}
	}
	return nil, s.fault("load", err)
}

// Create writes the record with SET NX. When an earlier try may have been
// carried out and its answer lost, and the record is there, it looks whether
// that is the record it was to write.
func (s *store) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	args := make([]any, 0, 5)
	args = append(args, key, record, "NX")
	if ttl > 0 {
		args = append(args, "PX", dialect.Millis(ttl))
	}
	reply, doubt, err := s.do(ctx, "SET", args...)
	if err != nil {
		return s.fault("create", err)
	}
	if reply != nil {
		return s.expect("create", reply, "OK")
	}
	if doubt {
		stored, err := s.Load(ctx, key, 0)
		if err == nil && bytes.Equal(stored, record) {
			return nil
		}
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			return err
		}
	}
	return session.ErrExists
}

// Expire sets the time to live with PEXPIRE, or takes it away.
func (s *store) Expire(ctx context.Context, key string, ttl time.Duration) error {
	if ttl <= 0 {
		return s.guarded.Persist(ctx, key, func() error { return s.persistByScript(ctx, key) })
	}
	reply, _, err := s.do(ctx, "PEXPIRE", key, dialect.Millis(ttl))
	if err != nil {
		return s.fault("expire", err)
	}
	if reply == int64(0) {
		return session.ErrNotFound
	}
	return s.expect("expire", reply, int64(1))
}

// expect returns an error for a reply that is one to another command.
func (s *store) expect(op string, reply, want any) error {
	if reply != want {
		return dialect.Garbled("redigo: "+op, s.place)
	}
	return nil
}

// Delete removes the record with UNLINK, which frees the memory later, or with
// DEL.
func (s *store) Delete(ctx context.Context, key string) error {
	command := "UNLINK"
	if s.without.unlink.Load() {
		command = "DEL"
	}
	_, _, err := s.do(ctx, command, key)
	if err != nil && command == "UNLINK" && lacks(err) {
		if _, _, err := s.do(ctx, "DEL", key); err == nil {
			s.without.unlink.Store(true)
			return nil
		}
	}
	if err != nil {
		return s.fault("delete", err)
	}
	return nil
}

// Close closes the pool that Connect opened. A pool that was given to New or
// to Connect stays open.
func (s *store) Close() error {
	if !s.owned || s.closed.Swap(true) {
		return nil
	}
	return s.pool.Close()
}

// record returns a reply that must be a record or nothing.
func (s *store) record(op string, reply any) ([]byte, error) {
	switch b := reply.(type) {
	case []byte:
		return b, nil
	case nil:
		return nil, session.ErrNotFound
	default:
		return nil, dialect.Garbled("redigo: "+op, s.place)
	}
}
