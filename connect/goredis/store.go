package goredis

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.Store = (*store)(nil)

// store keeps records with any go-redis client: one server, Sentinel, Cluster.
type store struct {
	client redis.UniversalClient
	// send is the client, or what lets commands share round trips.
	send sender
	// place is what errors say about where Redis is.
	place string
	// timeout is the client's time to wait for a reply.
	timeout time.Duration
	// bound, when set, ends every operation of one command. A client of one server needs none:
	// its dials and replies have time-outs, and so has waiting for a batch.
	// Finding the primary by Sentinel, or a cluster's nodes, is several of those
	// one after the other.
	bound time.Duration
	// pipelineBound is bound for commands that an operation sends together. With
	// auto_pipeline they look for a connection in a pool for pipelines first, and
	// then in that of all commands.
	pipelineBound time.Duration
	// retries is how often a command is sent again; see again.
	retries int

	// lastTTL is the time to live of the last load, which nearly always is that
	// of the next one too, as the argument of a command.
	lastTTL atomic.Pointer[ttlArg]
	without without
	guarded dialect.Guarded

	closeOnce sync.Once
	close     func() error
}

// sender is the part of a client that carries a command to Redis and back.
type sender interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// Load reads the record with GET, or with GETEX when its time to live is to
// restart. The bytes are those that go-redis read from the connection.
func (s *store) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	if ttl > 0 && s.without.getex.Load() {
		return s.loadWithoutGETEX(ctx, key, ttl)
	}
	var cmd *redis.StringCmd
	if ttl > 0 {
		cmd = redis.NewStringCmd(ctx, "getex", key, "px", s.millis(ttl))
	} else {
		cmd = redis.NewStringCmd(ctx, "get", key)
	}
	_, err := s.run(ctx, cmd)
	if err == nil {
		return cmd.Bytes()
	}
	if ttl > 0 && lacks(err) {
		if record, err := s.loadWithoutGETEX(ctx, key, ttl); err == nil || errors.Is(err, session.ErrNotFound) {
			s.without.getex.Store(true)
			return record, err
		}
	}
	return nil, s.fault("load", err)
}

// ttlArg is a time to live, and what GETEX takes for it.
type ttlArg struct {
	ttl    time.Duration
	millis any
}

// millis saves an allocation for each load.
func (s *store) millis(ttl time.Duration) any {
	last := s.lastTTL.Load()
	if last == nil || last.ttl != ttl {
		last = &ttlArg{ttl, dialect.Millis(ttl)}
		s.lastTTL.Store(last)
	}
	return last.millis
}

// Create writes the record with SET NX. When an earlier try may have been
// carried out and its answer lost, and the record is there, it looks whether
// that is the record it was to write.
func (s *store) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	var cmd *redis.StringCmd
	if ttl > 0 {
		cmd = redis.NewStringCmd(ctx, "set", key, record, "nx", "px", dialect.Millis(ttl))
	} else {
		cmd = redis.NewStringCmd(ctx, "set", key, record, "nx")
	}
	doubt, err := s.run(ctx, cmd)
	if err == nil {
		return s.expect("create", cmd, "OK")
	}
	if !absent(err) {
		return s.fault("create", err)
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
	cmd := redis.NewStringCmd(ctx, "pexpire", key, dialect.Millis(ttl))
	if _, err := s.run(ctx, cmd); err != nil {
		return s.fault("expire", err)
	}
	if cmd.Val() == "0" {
		return session.ErrNotFound
	}
	return s.expect("expire", cmd, "1")
}

// expect returns an error for a reply that is one to another command.
func (s *store) expect(op string, cmd *redis.StringCmd, want string) error {
	if cmd.Val() != want {
		return dialect.Garbled("goredis: "+op, s.place)
	}
	return nil
}

// Delete removes the record with UNLINK, which frees the memory later, or with
// DEL.
func (s *store) Delete(ctx context.Context, key string) error {
	command := "unlink"
	if s.without.unlink.Load() {
		command = "del"
	}
	_, err := s.run(ctx, redis.NewStringCmd(ctx, command, key))
	if err != nil && command == "unlink" && lacks(err) {
		if _, err := s.run(ctx, redis.NewStringCmd(ctx, "del", key)); err == nil {
			s.without.unlink.Store(true)
			return nil
		}
	}
	if err != nil {
		return s.fault("delete", err)
	}
	return nil
}

// Close closes the client that Connect opened. A client that was given to New
// or to Connect stays open.
func (s *store) Close() error {
	var err error
	s.closeOnce.Do(func() {
		if s.close != nil {
			err = s.close()
		}
	})
	return err
}

// run sends a command until it is answered. doubt says that an earlier try
// than the one that was answered may have been carried out too.
func (s *store) run(ctx context.Context, cmd *redis.StringCmd) (doubt bool, err error) {
	return s.runIf(ctx, outcome, cmd)
}

// runIf is run that sends the command again only as far as of allows.
func (s *store) runIf(ctx context.Context, of func(error) dialect.Outcome, cmd *redis.StringCmd) (doubt bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if s.bound > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.bound)
		defer cancel()
	}
	err = s.send.Process(ctx, once{cmd})
	if err == nil || absent(err) {
		return false, err
	}
	return s.again(ctx, of, err, func(ctx context.Context) error { return s.send.Process(ctx, once{cmd}) })
}
