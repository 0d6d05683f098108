package redigo

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var (
	_ session.UserIndex      = (*store)(nil)
	_ session.IndexShortener = (*store)(nil)
)

// command is one of those that are sent together.
type command struct {
	name string
	args []any
}

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
	words := []any{key}
	for _, m := range members {
		words = append(words, m)
	}
	if _, _, err := s.do(ctx, "ZREM", words...); err != nil {
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
	var cmds []command
	if drop {
		cmds = append(cmds, command{"ZREMRANGEBYSCORE", []any{key, "-inf", dialect.Lapsed(time.Now())}})
	}
	zadd := []any{key, "GT", score, member}
	if member == dialect.EpochMember { // an epoch is not larger than the one before
		zadd = []any{key, score, member}
	}
	state, err := s.indexSend(ctx, op, key, append(cmds,
		command{"ZADD", zadd},
		command{"PEXPIREAT", []any{key, expiry, "NX"}},
		command{"PEXPIREAT", []any{key, expiry, "GT"}})...)
	if errors.Is(err, session.ErrRefused) && !byScript {
		if state, err := s.guarded.IndexPut(ctx, op, key, member, score, expiry, drop); err == nil {
			s.without.gt.Store(true)
			return state, nil
		}
	}
	return state, err
}

// indexSend sends commands about a set and ZRANGE behind them, in one transaction.
func (s *store) indexSend(ctx context.Context, op, key string, cmds ...command) (session.IndexState, error) {
	cmds = append(cmds[:len(cmds):len(cmds)], command{"ZRANGE", []any{key, 0, -1, "WITHSCORES"}})
	transaction := len(cmds) > 1
	if transaction {
		cmds = slices.Concat([]command{{"MULTI", nil}}, cmds, []command{{"EXEC", nil}})
	}
	var list any
	err := s.retry(ctx, outcome, new(bool), func(ctx context.Context) error {
		return s.borrow(ctx, func(c redis.Conn, timeout time.Duration) error {
			for _, cmd := range cmds {
				if err := c.Send(cmd.name, cmd.args...); err != nil {
					return err
				}
			}
			if err := c.Flush(); err != nil {
				return err
			}
			// Every reply is read, also behind a refusal, so that the connection is
			// clean for the next command.
			var first error
			for range cmds {
				var err error
				if list, err = redis.ReceiveWithTimeout(c, timeout); err != nil && first == nil {
					first = err
				}
			}
			return first
		})
	})
	if err != nil {
		return session.IndexState{}, s.fault(op, err)
	}
	if transaction {
		if list, err = lastOf(list); err != nil {
			return session.IndexState{}, s.fault(op, err)
		}
	}
	return s.indexState(op, list)
}

// lastOf returns the last of the replies that EXEC answered, or the first refusal.
func lastOf(reply any) (any, error) {
	replies, err := redis.Values(reply, nil)
	if err != nil || len(replies) == 0 {
		return nil, errors.New("EXEC did not answer as it does")
	}
	for _, r := range replies {
		if refused, ok := r.(redis.Error); ok {
			return nil, refused
		}
	}
	return replies[len(replies)-1], nil
}

// indexState reads what ZRANGE answered: members and scores in turn.
func (s *store) indexState(op string, reply any) (session.IndexState, error) {
	state := session.IndexState{Epoch: session.NoEpoch}
	words, err := redis.ByteSlices(reply, nil)
	if err != nil || len(words)%2 != 0 {
		return session.IndexState{}, dialect.Garbled("redigo: "+op, s.place)
	}
	for i := 0; i < len(words); i += 2 {
		score, err := strconv.ParseFloat(string(words[i+1]), 64)
		if err != nil {
			return session.IndexState{}, dialect.Garbled("redigo: "+op, s.place)
		}
		dialect.AppendEntry(&state, string(words[i]), score)
	}
	return state, nil
}
