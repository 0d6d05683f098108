package goredis

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
)

// without are the commands that the server, or a proxy in front of it, has
// refused while their substitutes were carried out. From then on the substitute
// is sent at once.
type without struct{ getex, unlink, gt atomic.Bool }

// lacks reports whether another command for the same purpose is worth a try.
func lacks(err error) bool {
	reply, ok := refusal(err)
	return ok && !absent(err) && dialect.Lacks(reply.Error())
}

// loadWithoutGETEX sends GET and PEXPIRE together, for servers before Redis 6.2
// and for proxies. A record that is written between the two gets this time to
// live too, as it would by a GETEX a moment later.
func (s *store) loadWithoutGETEX(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	record, _, err := s.getAnd(ctx, key, "pexpire", key, s.millis(ttl))
	if err != nil {
		return nil, s.fault("load", err)
	}
	return record, nil
}
