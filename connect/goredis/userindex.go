package goredis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var (
	_ session.UserIndex      = (*store)(nil)
	_ session.IndexShortener = (*store)(nil)
)

// IndexAdd sends ZREMRANGEBYSCORE, ZADD, PEXPIREAT and ZRANGE as a transaction.
func (s *store) IndexAdd(ctx context.Context, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
	score := dialect.Score(until)
	state, err := s.indexPut(ctx, "index add", key, string(member), score, dialect.ExpiryOf(score), true)
	if err == nil {
		err = dialect.Closed(state, seen)
	}
	return state, err
}

// IndexClose sends ZADD, PEXPIREAT and ZRANGE as a transaction.
func (s *store) IndexClose(ctx context.Context, key string, next session.Epoch, keep time.Duration) (session.IndexState, error) {
	expiry := time.Now().Add(keep).UnixMilli()
	return s.indexPut(ctx, "index close", key, dialect.EpochMember, int64(next), expiry, false)
}

// IndexShorten sends a script.
func (s *store) IndexShorten(ctx context.Context, key string, keep time.Duration) error {
	return s.guarded.IndexShorten(ctx, key, keep)
}

// IndexRemove sends ZREM.
func (s *store) IndexRemove(ctx context.Context, key string, members ...[]byte) error {
	if len(members) == 0 {
		return nil
	}
	words := []any{"zrem", key}
	for _, m := range members {
		words = append(words, m)
	}
	if _, err := s.run(ctx, redis.NewStringCmd(ctx, words...)); err != nil {
		return s.fault("index remove", err)
	}
	return nil
}

// IndexList sends ZRANGE.
func (s *store) IndexList(ctx context.Context, key string) (session.IndexState, error) {
	return s.indexSend(ctx, "index list", key)
}

// indexPut sets a member's score, lets the key expire no earlier than at a time, and returns
// the set. It may drop the members that have lapsed first. Where the server refuses the
// transaction and carries out the script, the script is sent from then on.
func (s *store) indexPut(ctx context.Context, op, key, member string, score, expiry int64, drop bool) (session.IndexState, error) {
	byScript := s.without.gt.Load() || s.guarded.WithoutTransactions()
	if byScript {
		state, err := s.guarded.IndexPut(ctx, op, key, member, score, expiry, drop)
		if !errors.Is(err, errors.ErrUnsupported) {
			return state, err
		}
	}
	var cmds []redis.Cmder
	if drop {
		cmds = append(cmds, redis.NewIntCmd(ctx, "zremrangebyscore", key, "-inf", dialect.Lapsed(time.Now())))
	}
	zadd := []any{"zadd", key, "gt", score, member}
	if member == dialect.EpochMember { // an epoch is not larger than the one before
		zadd = []any{"zadd", key, score, member}
	}
	state, err := s.indexSend(ctx, op, key, append(cmds,
		redis.NewIntCmd(ctx, zadd...),
		redis.NewIntCmd(ctx, "pexpireat", key, expiry, "nx"),
		redis.NewIntCmd(ctx, "pexpireat", key, expiry, "gt"))...)
	if errors.Is(err, session.ErrRefused) && !byScript {
		if state, err := s.guarded.IndexPut(ctx, op, key, member, score, expiry, drop); err == nil {
			s.without.gt.Store(true)
			return state, nil
		}
	}
	return state, err
}

// indexSend sends commands about a set and ZRANGE behind them, in one transaction.
func (s *store) indexSend(ctx context.Context, op, key string, cmds ...redis.Cmder) (session.IndexState, error) {
	if err := ctx.Err(); err != nil {
		return session.IndexState{}, s.fault(op, err)
	}
	if s.pipelineBound > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.pipelineBound)
		defer cancel()
	}
	var list *redis.ZSliceCmd
	try := func(ctx context.Context) error {
		list = redis.NewZSliceCmd(ctx, "zrange", key, 0, -1, "withscores")
		pipe := s.client.TxPipeline()
		if len(cmds) == 0 {
			pipe = s.client.Pipeline()
		}
		for _, c := range cmds {
			c.SetErr(nil)
			_ = pipe.Process(ctx, c)
		}
		_ = pipe.Process(ctx, list)
		sent, err := pipe.Exec(ctx)
		return abortedBy(sent, err)
	}
	err := try(ctx)
	if err != nil {
		_, err = s.again(ctx, outcome, err, try)
	}
	if err != nil {
		return session.IndexState{}, s.fault(op, err)
	}
	state := session.IndexState{Epoch: session.NoEpoch}
	for _, z := range list.Val() {
		member, _ := z.Member.(string)
		dialect.AppendEntry(&state, member, z.Score)
	}
	return state, nil
}

// abortedBy returns the refusal for which a transaction was given up: EXECABORT says only that
// there was one.
func abortedBy(sent []redis.Cmder, err error) error {
	if !redis.IsExecAbortError(err) {
		return err
	}
	for _, c := range sent {
		if c.Err() != nil && !redis.IsExecAbortError(c.Err()) {
			return c.Err()
		}
	}
	return err
}
