package goredis

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
)

// once keeps go-redis from sending a command again by itself. It would do so
// after a connection broke, when the command may or may not have been
// carried out, and would not say that it did. This package tries again itself
// and keeps count. Redirections of a cluster are still followed.
//
// It holds one pointer, so that making it an interface value allocates nothing.
type once struct{ *redis.StringCmd }

// NoRetry is what go-redis asks before it sends a command again.
func (once) NoRetry() bool { return true }

// again tries a failed operation again for half of the socket time-out; the
// first try may have taken the other one and a half.
//
// It is apart from run so that a command that succeeds at once, as nearly all
// do, costs one comparison.
func (s *store) again(ctx context.Context, of func(error) dialect.Outcome, err error, try func(ctx context.Context) error) (doubt bool, _ error) {
	return dialect.Again(ctx, s.retries, s.timeout/2, err, of, func(ctx context.Context) error {
		// A cluster client looks in the background which nodes there are now,
		// and not more often than five times a second.
		if c, ok := s.client.(interface{ ReloadState(context.Context) }); ok {
			c.ReloadState(ctx)
		}
		return try(ctx)
	})
}

// outcome tells what err says about the try that ended with it.
func outcome(err error) dialect.Outcome {
	if reply, ok := refusal(err); ok {
		if dialect.Soon(reply.Error()) {
			return dialect.Refused
		}
		return dialect.Answered
	}
	if errors.Is(err, redis.ErrClosed) {
		return dialect.Answered
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout) {
		return dialect.Late
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return dialect.Late
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return dialect.Refused
	}
	return dialect.Lost
}

// unrepeatable is outcome for a command that must not be sent again after its
// answer was lost.
func unrepeatable(err error) dialect.Outcome {
	if o := outcome(err); o != dialect.Lost {
		return o
	}
	return dialect.Late
}
