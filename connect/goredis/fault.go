package goredis

import (
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

// absent reports whether err is Redis's empty reply to a command.
//
// errors.Is would not do: sentinels that know no primary of a name give an
// empty reply too, and the error that wraps it would look as if there were no
// record, when Redis could not even be asked.
func absent(err error) bool {
	return err == redis.Nil //nolint:errorlint // see above
}

// refusal returns what Redis answered to a command, if err is that and not
// something that happened on the way to it.
func refusal(err error) (redis.Error, bool) {
	r, ok := err.(redis.Error) //nolint:errorlint // see absent
	return r, ok
}

// fault turns a go-redis error into the store's: session.ErrNotFound for the
// empty reply, otherwise one that names the operation and the place.
func (s *store) fault(op string, err error) error {
	if absent(err) {
		return session.ErrNotFound
	}
	op = "goredis: " + op
	if reply, ok := refusal(err); ok {
		return dialect.Reply(op, s.place, reply)
	}
	var number *strconv.NumError
	switch {
	case errors.Is(err, redis.ErrClosed):
		return dialect.Misuse(op, s.place, err)
	case errors.As(err, &number), strings.Contains(err.Error(), "redis: can't "), strings.Contains(err.Error(), "redis: invalid "):
		return dialect.Garbled(op, s.place)
	default:
		return dialect.Connection(op, s.place, err)
	}
}
