package redigo

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"

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
	of := outcome
	if !repeat {
		of = unrepeatable
	}
	got, doubt, err := (*store)(c).doIf(ctx, of, args[0].(string), args[1:]...)
	if err != nil {
		if !bool(repeat) && outcome(err) == dialect.Lost {
			err = dialect.ErrUnknownOutcome
		}
		return nil, doubt, err
	}
	switch v := got.(type) {
	case nil:
		return nil, doubt, nil
	case []byte:
		return v, doubt, nil
	case string:
		return []byte(v), doubt, nil
	case int64:
		return strconv.AppendInt(nil, v, 10), doubt, nil
	default:
		return nil, doubt, dialect.ErrGarbled
	}
}

// Pipeline sends commands together.
func (c *commander) Pipeline(ctx context.Context, commands [][]any) ([]dialect.Answer, error) {
	answers := make([]dialect.Answer, len(commands))
	s := (*store)(c)
	return answers, s.borrow(ctx, func(conn redis.Conn, timeout time.Duration) error {
		for _, words := range commands {
			if err := conn.Send(words[0].(string), words[1:]...); err != nil {
				return err
			}
		}
		if err := conn.Flush(); err != nil {
			return err
		}
		for i := range answers {
			value, err := redis.ReceiveWithTimeout(conn, timeout)
			if text, ok := c.Refusal(err); ok {
				answers[i].Refusal = text
			} else if err != nil {
				return err
			}
			answers[i].Value = value
		}
		return nil
	})
}

// Refusal returns what Redis answered.
func (c *commander) Refusal(err error) (string, bool) {
	reply, ok := errors.AsType[redis.Error](err)
	return string(reply), ok
}

// Fault returns the store's error.
func (c *commander) Fault(op string, err error) error {
	switch {
	case errors.Is(err, dialect.ErrGarbled):
		return dialect.Garbled("redigo: "+op, c.place)
	case errors.Is(err, dialect.ErrNoIFEQ):
		return dialect.Unable("redigo: "+op, c.place, err)
	default:
		return (*store)(c).fault(op, err)
	}
}
