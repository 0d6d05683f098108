package redigo

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var errClosed = errors.New("the store is closed")

// do sends a command until it is answered. doubt says that an earlier try than
// the one that was answered may have been carried out too.
func (s *store) do(ctx context.Context, command string, args ...any) (reply any, doubt bool, err error) {
	return s.doIf(ctx, outcome, command, args...)
}

// doIf is do that sends the command again only as far as of allows.
func (s *store) doIf(ctx context.Context, of func(error) dialect.Outcome, command string, args ...any) (reply any, doubt bool, err error) {
	err = s.retry(ctx, of, &doubt, func(ctx context.Context) (err error) {
		return s.borrow(ctx, func(c redis.Conn, timeout time.Duration) (err error) {
			reply, err = redis.DoWithTimeout(c, timeout, command, args...)
			return err
		})
	})
	return reply, doubt, err
}

// retry makes the first try and, when it fails, further ones for half of the
// socket time-out; the first may have taken the other one and a half.
func (s *store) retry(ctx context.Context, of func(error) dialect.Outcome, doubt *bool, try func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return errClosed
	}
	// The pool waits for a free connection as long as the context lets it.
	ctx, cancel := context.WithTimeout(ctx, s.timeout*7/4)
	defer cancel()
	err := try(ctx)
	if err != nil {
		*doubt, err = dialect.Again(ctx, s.retries, s.timeout/2, err, of, try)
	}
	return err
}

// borrow calls f with a connection of the pool and the time that it may wait
// for a reply.
//
// redigo's own DoContext starts a goroutine for every command, which costs
// more than the rest of it, and may still be reading the arguments after it
// has returned. A deadline on the connection does the same without either.
func (s *store) borrow(ctx context.Context, f func(c redis.Conn, timeout time.Duration) error) error {
	c, err := s.pool.GetContext(ctx)
	if err != nil {
		return err
	}
	timeout := s.timeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	if timeout <= 0 {
		_ = c.Close()
		return context.DeadlineExceeded
	}
	err = f(c, timeout)
	if reply, ok := errors.AsType[redis.Error](err); ok && dialect.Demoted(string(reply)) {
		// Reading when nothing is due is an error, and with an error the pool
		// closes the connection. The address may belong to another server now.
		_, _ = redis.ReceiveWithTimeout(c, time.Nanosecond)
	}
	if c.Err() != nil {
		s.broken.Store(time.Now().UnixNano())
	}
	_ = c.Close()
	return err
}

// outcome tells what err says about the try that ended with it.
func outcome(err error) dialect.Outcome {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		if dialect.Soon(string(reply)) {
			return dialect.Refused
		}
		return dialect.Answered
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return dialect.Late
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return dialect.Late
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, redis.ErrPoolExhausted) {
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

// fault turns a redigo error into the store's: one that names the operation
// and the place.
func (s *store) fault(op string, err error) error {
	op = "redigo: " + op
	var reply redis.Error
	switch {
	case errors.Is(err, session.ErrUnavailable):
		return err
	case errors.As(err, &reply):
		return dialect.Reply(op, s.place, reply)
	case errors.Is(err, errClosed):
		return dialect.Misuse(op, s.place, err)
	default:
		return dialect.Connection(op, s.place, err)
	}
}
