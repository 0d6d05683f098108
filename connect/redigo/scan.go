package redigo

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.KeyScanner = (*store)(nil)

// ScanKeys sends SCAN, and for each of its answers STRLEN, PTTL and GETRANGE, or GET, of
// the keys in one round trip.
func (s *store) ScanKeys(ctx context.Context, prefix string, front int, visit func([]session.ScannedKey, float64) error) error {
	size, _, err := s.do(ctx, "DBSIZE")
	keys, ok := size.(int64)
	if err != nil || !ok {
		keys = -1 // the user may not ask, or the next command has the error too
	}
	progress := dialect.ScanProgress{Servers: 1}
	progress.Begin(keys)
	most := dialect.ScanCount
	if front < 0 {
		most = dialect.ScanWhole
	}
	for cursor, last := "0", false; !last; {
		reply, _, err := s.do(ctx, "SCAN", cursor, "MATCH", dialect.Match(prefix), "COUNT", dialect.ScanCount)
		if err != nil {
			return s.fault("scan", err)
		}
		var found []string
		if cursor, found, err = scanReply(reply); err != nil {
			return dialect.Garbled("redigo: scan", s.place)
		}
		last = cursor == "0"
		at := progress.Called(last)
		if len(found) == 0 {
			if err := visit(nil, at); err != nil {
				return err
			}
		}
		for some := range slices.Chunk(found, most) {
			records, err := s.peek(ctx, some, front)
			if err != nil {
				return s.fault("scan", err)
			}
			if err := visit(records, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanReply(reply any) (cursor string, keys []string, err error) {
	parts, err := redis.Values(reply, nil)
	if err != nil || len(parts) != 2 {
		return "", nil, errors.New("no answer of SCAN")
	}
	if cursor, err = redis.String(parts[0], nil); err == nil {
		keys, err = redis.Strings(parts[1], nil)
	}
	return cursor, keys, err
}

func (s *store) peek(ctx context.Context, keys []string, front int) (found []session.ScannedKey, err error) {
	if front == 0 {
		for _, key := range keys {
			found = append(found, session.ScannedKey{Key: key})
		}
		return found, nil
	}
	err = s.retry(ctx, outcome, new(bool), func(ctx context.Context) error {
		return s.borrow(ctx, func(c redis.Conn, timeout time.Duration) error {
			for _, key := range keys {
				commands := []command{{"STRLEN", []any{key}}, {"PTTL", []any{key}}, {"GETRANGE", []any{key, 0, front - 1}}}
				if front < 0 {
					commands[2] = command{"GET", []any{key}}
				}
				for _, cmd := range commands {
					if err := c.Send(cmd.name, cmd.args...); err != nil {
						return err
					}
				}
			}
			if err := c.Flush(); err != nil {
				return err
			}
			// Every reply is read, also behind a refusal, as in indexSend.
			found = found[:0]
			var first error
			for _, key := range keys {
				k, err := peeked(c, timeout, key)
				switch {
				case err != nil && first == nil && !strings.HasPrefix(err.Error(), "WRONGTYPE"):
					first = err
				case err == nil && len(k.Front) > 0:
					found = append(found, k)
				}
			}
			return first
		})
	})
	return found, err
}

// peeked reads the three replies about a key. One that is not there any more has no front.
func peeked(c redis.Conn, timeout time.Duration, key string) (k session.ScannedKey, first error) {
	var replies [3]any
	for i := range replies {
		reply, err := redis.ReceiveWithTimeout(c, timeout)
		if err != nil && first == nil {
			first = err
		}
		replies[i] = reply
	}
	if first != nil {
		return k, first
	}
	size, _ := replies[0].(int64)
	pttl, _ := replies[1].(int64)
	front, _ := replies[2].([]byte)
	ttl, there := dialect.Remaining(pttl)
	if !there || size == 0 {
		front = nil
	}
	return session.ScannedKey{Key: key, Front: front, Size: int(size), TTL: ttl}, nil
}
