package goredis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.RecordComparer = (*store)(nil)

// Replace writes the record by a script that looks at the guard first. Where
// scripts are not run it reads the record and then compares all of it.
func (s *store) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	return s.ReplaceRecord(ctx, key, guard, nil, record, ttl)
}

// ReplaceRecord is Replace for a caller that knows all of the old record.
func (s *store) ReplaceRecord(ctx context.Context, key string, guard, old, record []byte, ttl time.Duration) error {
	return s.guarded.Replace(ctx, key, guard, old, record, ttl, func() error {
		return s.replaceByScript(ctx, key, guard, record, ttl)
	})
}

// Remove deletes the record as Replace overwrites it.
func (s *store) Remove(ctx context.Context, key string, guard []byte) error {
	return s.RemoveRecord(ctx, key, guard, nil)
}

// RemoveRecord is Remove for a caller that knows all of the record.
func (s *store) RemoveRecord(ctx context.Context, key string, guard, old []byte) error {
	return s.guarded.Remove(ctx, key, guard, old, func() error {
		return s.removeByScript(ctx, key, guard)
	})
}

// ExpireGuarded sets the time to live as Replace overwrites the record.
func (s *store) ExpireGuarded(ctx context.Context, key string, guard []byte, ttl time.Duration) error {
	return s.ExpireRecord(ctx, key, guard, nil, ttl)
}

// ExpireRecord is ExpireGuarded for a caller that knows all of the record.
func (s *store) ExpireRecord(ctx context.Context, key string, guard, old []byte, ttl time.Duration) error {
	return s.guarded.Expire(ctx, key, guard, old, ttl, func() error {
		return s.expireByScript(ctx, key, guard, ttl)
	})
}

// commander is the store as dialect.Guarded uses it.
type commander store

var _ dialect.Commander = (*commander)(nil)

// Command sends a command until it is answered.
func (c *commander) Command(ctx context.Context, repeat dialect.Repeats, args ...any) (reply []byte, doubt bool, err error) {
	cmd := redis.NewStringCmd(ctx, args...)
	of := outcome
	if !repeat {
		of = unrepeatable
	}
	doubt, err = (*store)(c).runIf(ctx, of, cmd)
	switch {
	case absent(err):
		return nil, doubt, nil
	case err != nil && !bool(repeat) && outcome(err) == dialect.Lost:
		return nil, doubt, dialect.ErrUnknownOutcome
	case err != nil:
		return nil, doubt, err
	}
	if reply, err = cmd.Bytes(); reply == nil {
		reply = []byte{} // an empty record
	}
	return reply, doubt, err
}

// onceAny is once for a command with any reply.
type onceAny struct{ *redis.Cmd }

// NoRetry is what go-redis asks before it sends a command again.
func (onceAny) NoRetry() bool { return true }

// Pipeline sends commands together.
func (c *commander) Pipeline(ctx context.Context, commands [][]any) ([]dialect.Answer, error) {
	pipe := c.client.Pipeline()
	cmds := make([]*redis.Cmd, len(commands))
	for i, words := range commands {
		cmds[i] = redis.NewCmd(ctx, words...)
		_ = pipe.Process(ctx, onceAny{cmds[i]})
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	answers := make([]dialect.Answer, len(cmds))
	for i, cmd := range cmds {
		err := cmd.Err()
		if text, ok := c.Refusal(err); ok {
			answers[i].Refusal = text
		} else if err != nil && !absent(err) {
			return nil, err
		} else {
			answers[i].Value = cmd.Val()
		}
	}
	return answers, nil
}

// Refusal returns what Redis answered.
func (c *commander) Refusal(err error) (string, bool) {
	reply, ok := refusal(err)
	if !ok || absent(err) {
		return "", false
	}
	return reply.Error(), true
}

// Fault returns the store's error.
func (c *commander) Fault(op string, err error) error {
	switch {
	case errors.Is(err, dialect.ErrGarbled):
		return dialect.Garbled("goredis: "+op, c.place)
	case errors.Is(err, dialect.ErrNoIFEQ):
		return dialect.Unable("goredis: "+op, c.place, err)
	default:
		return (*store)(c).fault(op, err)
	}
}
