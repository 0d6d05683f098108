package redigo

import (
	"context"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.TTLLoader = (*store)(nil)

// LoadTTL sends GET and PTTL together.
func (s *store) LoadTTL(ctx context.Context, key string) ([]byte, time.Duration, error) {
	record, pttl, err := s.getAnd(ctx, key, "PTTL", key)
	if err != nil {
		return nil, 0, s.fault("load", err)
	}
	b, err := s.record("load", record)
	if err != nil {
		return nil, 0, err
	}
	n, ok := pttl.(int64)
	if !ok {
		return nil, 0, dialect.Garbled("redigo: load", s.place)
	}
	ttl, found := dialect.Remaining(n)
	if !found {
		return nil, 0, session.ErrNotFound
	}
	return b, ttl, nil
}

// getAnd sends GET and another command about the same key together.
func (s *store) getAnd(ctx context.Context, key, also string, args ...any) (record, answer any, err error) {
	err = s.retry(ctx, outcome, new(bool), func(ctx context.Context) error {
		return s.borrow(ctx, func(c redis.Conn, timeout time.Duration) error {
			if err := c.Send("GET", key); err != nil {
				return err
			}
			if err := c.Send(also, args...); err != nil {
				return err
			}
			if err := c.Flush(); err != nil {
				return err
			}
			// Both replies are read, also when the first is a refusal, so that
			// the connection is clean for the next command.
			var err, err2 error
			record, err = redis.ReceiveWithTimeout(c, timeout)
			answer, err2 = redis.ReceiveWithTimeout(c, timeout)
			if err != nil {
				return err
			}
			return err2
		})
	})
	return record, answer, err
}
