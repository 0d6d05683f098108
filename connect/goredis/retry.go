package goredis

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
)

// outcome is what a try of a command came to.
type outcome int

const (
	// answered: Redis carried the command out, or refused it for good.
	answered outcome = iota
	// refused: the command was not carried out, and may be a moment later.
	refused
	// lost: the connection broke. The command may have been carried out.
	lost
	// late: there was no answer in time. The command may have been carried
	// out, and trying again would take too long.
	late
)

// classify tells what err says about the try that ended with it.
func classify(err error) outcome {
	var reply redis.Error
	if errors.As(err, &reply) {
		if dialect.Soon(reply.Error()) {
			return refused
		}
		return answered
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout) {
		return late
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return late
	}
	if errors.Is(err, redis.ErrClosed) {
		return answered
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return refused
	}
	return lost
}

// again sends a command until it is answered, the tries run out, or half of
// the socket time-out has passed; the first try may have taken the other one
// and a half. doubt says that a try before the last may have been carried out.
//
// It is apart from run so that a command that succeeds at once, as nearly all
// do, costs one comparison.
func (s *store) again(ctx context.Context, cmd *redis.StringCmd, err error) (doubt bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout/2)
	defer cancel()

	for try := range s.retries {
		switch classify(err) {
		case answered, late:
			return doubt, err
		case lost:
			doubt = true
			s.askForNodes(ctx)
		case refused:
			s.askForNodes(ctx)
		}
		if !pause(ctx, try) {
			return doubt, err
		}
		if err = s.send.Process(ctx, once{cmd}); err == nil {
			return doubt, nil
		}
	}
	return doubt, err
}

// askForNodes makes a cluster client look which nodes there are now. It does
// so in the background and not more often than five times a second.
func (s *store) askForNodes(ctx context.Context) {
	if c, ok := s.client.(interface{ ReloadState(context.Context) }); ok {
		c.ReloadState(ctx)
	}
}

// pause waits a little longer before each try, up to a tenth of a second, and
// reports false when ctx ended instead. The times are spread so that the
// requests that failed together do not come back together.
func pause(ctx context.Context, try int) bool {
	longest := min(100*time.Millisecond, 10*time.Millisecond<<try)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
