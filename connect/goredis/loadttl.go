package goredis

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.TTLLoader = (*store)(nil)

// LoadTTL sends GET and PTTL together.
func (s *store) LoadTTL(ctx context.Context, key string) ([]byte, time.Duration, error) {
	record, pttl, err := s.getPTTL(ctx, key)
	if err != nil {
		return nil, 0, s.fault("load", err)
	}
	ttl, found := dialect.Remaining(pttl)
	if !found {
		return nil, 0, session.ErrNotFound
	}
	return record, ttl, nil
}

func (s *store) getPTTL(ctx context.Context, key string) (record []byte, pttl int64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if s.bound > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.bound)
		defer cancel()
	}
	var get, rest *redis.StringCmd
	try := func(ctx context.Context) error {
		get, rest = redis.NewStringCmd(ctx, "get", key), redis.NewStringCmd(ctx, "pttl", key)
		pipe := s.client.Pipeline()
		_ = pipe.Process(ctx, once{get})
		_ = pipe.Process(ctx, once{rest})
		_, err := pipe.Exec(ctx)
		if got := get.Err(); absent(got) {
			return got
		}
		return err
	}
	if err = try(ctx); err != nil && !absent(err) {
		_, err = s.again(ctx, outcome, err, try)
	}
	if err != nil {
		return nil, 0, err
	}
	record, _ = get.Bytes()
	pttl, err = strconv.ParseInt(rest.Val(), 10, 64)
	return record, pttl, err
}
