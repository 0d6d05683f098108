package goredis

import (
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

// fault turns a go-redis error into the store's: session.ErrNotFound for the
// empty reply, otherwise one that names the operation and the place.
func (s *store) fault(op string, err error) error {
	if errors.Is(err, redis.Nil) {
		return session.ErrNotFound
	}
	op = "goredis: " + op
	var reply redis.Error
	var number *strconv.NumError
	switch {
	case errors.As(err, &reply):
		return dialect.Reply(op, s.place, reply)
	case errors.Is(err, redis.ErrClosed):
		return dialect.Misuse(op, s.place, err)
	case errors.As(err, &number), strings.Contains(err.Error(), "redis: can't "), strings.Contains(err.Error(), "redis: invalid "):
		return dialect.Garbled(op, s.place)
	default:
		return dialect.Connection(op, s.place, err)
	}
}
