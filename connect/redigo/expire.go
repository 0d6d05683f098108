package redigo

import (
	"context"
	"time"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.GuardedExpirer = (*store)(nil)

// persistByScript takes the time to live away.
func (s *store) persistByScript(ctx context.Context, key string) error {
	reply, _, err := s.eval(ctx, &dialect.Persist, key)
	if err != nil {
		return s.fault("expire", err)
	}
	if reply == int64(0) {
		return session.ErrNotFound
	}
	return s.expect("expire", reply, int64(1))
}

// expireByScript sets the time to live by a script that looks at the guard first.
// A second try does no harm.
func (s *store) expireByScript(ctx context.Context, key string, guard []byte, ttl time.Duration) error {
	reply, _, err := s.eval(ctx, &dialect.Expire, key, guard, dialect.MillisOrZero(ttl))
	if err != nil {
		return s.fault("expire", err)
	}
	return s.verdict("expire", reply)
}
