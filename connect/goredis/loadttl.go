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
	record, answer, err := s.getAnd(ctx, key, "pttl", key)
	if err != nil {
		return nil, 0, s.fault("load", err)
	}
	pttl, err := strconv.ParseInt(answer, 10, 64)
	if err != nil {
		return nil, 0, s.fault("load", err)
	}
	ttl, found := dialect.Remaining(pttl)
	if !found {
		return nil, 0, session.ErrNotFound
	}
	return record, ttl, nil
}

// getAnd sends GET and another command about the same key together.
func (s *store) getAnd(ctx context.Context, key string, also ...any) (record []byte, answer string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	if s.pipelineBound > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.pipelineBound)
		defer cancel()
	}
	var get, rest *redis.StringCmd
	try := func(ctx context.Context) error {
		get, rest = redis.NewStringCmd(ctx, "get", key), redis.NewStringCmd(ctx, also...)
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
		return nil, "", err
	}
	record, err = get.Bytes()
	return record, rest.Val(), err
}
