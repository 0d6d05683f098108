package goredis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var (
	_ session.EntryStore = (*store)(nil)
	_ session.BatchStore = (*store)(nil)
)

// CreateEntered sends SET NX and the transactions of IndexAdd in one pipeline.
func (s *store) CreateEntered(ctx context.Context, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (state session.IndexState, created, added error) {
	return s.guarded.CreateEntered(ctx, key, record, ttl, e, until, seen, s.without.gt.Load(), s)
}

// ReplaceLeaving does all by one script.
func (s *store) ReplaceLeaving(ctx context.Context, key string, guard, record []byte, ttl time.Duration, e session.Entry) error {
	return s.guarded.ReplaceLeaving(ctx, key, guard, record, ttl, e)
}

// RemoveLeaving does all by one script.
func (s *store) RemoveLeaving(ctx context.Context, key string, guard []byte, e session.Entry) error {
	return s.guarded.RemoveLeaving(ctx, key, guard, e)
}

// LoadEach sends GET and PTTL of each key in one pipeline.
func (s *store) LoadEach(ctx context.Context, keys []string) ([]session.Loaded, error) {
	return s.guarded.LoadEach(ctx, keys, s)
}

// RemoveEach sends a script for each key in one pipeline.
func (s *store) RemoveEach(ctx context.Context, keys []string, guards [][]byte) ([]error, error) {
	return s.guarded.RemoveEach(ctx, keys, guards, s)
}

// Batch sends commands together until they are answered.
func (c *commander) Batch(ctx context.Context, commands [][]any) (answers []dialect.Answer, doubt bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	if c.pipelineBound > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.pipelineBound)
		defer cancel()
	}
	try := func(ctx context.Context) (err error) {
		answers, err = c.Pipeline(ctx, commands)
		return err
	}
	if err = try(ctx); err != nil {
		doubt, err = (*store)(c).again(ctx, outcome, err, try)
	}
	return answers, doubt, err
}

// OneServer reports whether the client is one of a single server or of Sentinel.
func (c *commander) OneServer() bool {
	_, ok := c.client.(*redis.Client)
	return ok
}
