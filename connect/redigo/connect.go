package redigo

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ connect.Func = Connect

// Connect opens a pool of connections for the given options and returns a
// store over it, which closes the pool. Unless the options ask for LazyConnect
// it sends a PING first; when there is no answer it returns an error that names
// the address and what to check.
//
// It connects to one server and sends every command by itself. Options for a
// Sentinel set or a Cluster, or with AutoPipelineOn, are refused.
func Connect(ctx context.Context, o connect.Options) (session.Store, error) {
	o, err := o.Resolve()
	if err != nil {
		return nil, fmt.Errorf("redigo: %w", err)
	}
	if o.Mode != connect.Single {
		return nil, fmt.Errorf("redigo: it connects to one server, and the options ask for another kind of Redis (%v); use the goredis connector for Sentinel and Cluster", o.Mode)
	}
	if o.AutoPipeline == connect.AutoPipelineOn {
		return nil, errors.New("redigo: it has no auto_pipeline; use the goredis connector, or set it to auto or off")
	}
	s := &store{place: o.String(), timeout: o.SocketTimeout, retries: max(0, o.MaxRetries)}
	s.guarded.Init((*commander)(s), o.GuardedSave)
	switch pool := o.Client.(type) {
	case nil:
		s.owned = true
		if s.pool, err = newPool(o, &s.broken); err != nil {
			return nil, fmt.Errorf("redigo: %w", err)
		}
	case *redis.Pool:
		s.pool = pool
	default:
		return nil, fmt.Errorf("redigo: the given client is a %T; it must be a *redis.Pool", pool)
	}
	if o.LazyConnect {
		return s, nil
	}
	if _, _, err := s.do(ctx, "PING"); err != nil && !dialect.PingRefused(err.Error()) {
		_ = s.Close()
		return nil, dialect.Advised(s.fault("connect", err), err)
	}
	if err := s.probe(ctx, o); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// New returns a store over a pool that the program has already. Closing the
// store leaves the pool open.
//
// The pool should have a MaxActive with Wait, and its Dial the time-outs of
// redis.DialConnectTimeout, DialReadTimeout and DialWriteTimeout. Whatever they
// are, an operation ends within 10 seconds.
func New(pool *redis.Pool) session.Store {
	if pool == nil {
		panic("redigo: New with a nil pool")
	}
	s := &store{
		pool:    pool,
		place:   connect.Options{Client: pool}.String(),
		timeout: connect.DefaultTimeout,
		retries: 2,
	}
	s.guarded.Init((*commander)(s), connect.GuardedSaveAuto)
	return s
}
