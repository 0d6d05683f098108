package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
)

// step is what a request asks of its session at once, and what the page that
// follows relies on: "you are logged out", a login's new ID, a form's token.
type step int

const (
	logoutStep  step = iota // Invalidate
	renewalStep             // Renew
	loginStep               // Login
	tokenStep               // CSRFToken
	stepCount
)

// outcome notes what a step came to, and returns it. A step that failed makes
// the answer the error handler's, whatever the application does with the error.
// When the same step succeeds later in the request, the failure is forgotten; a
// logout that succeeds forgets all of them. After the header the page is out:
// the log says so. The caller holds the lock.
func (s *Session) outcome(of step, err error) error {
	if of == logoutStep && err == nil {
		s.failed = [stepCount]error{}
	}
	again := s.failed[of] != nil
	s.failed[of] = err
	if err != nil && s.headerSent && !again {
		s.f.logFailure(s.r, "session: the page had been sent when this failed", err)
	}
	return err
}

// failure returns the error of a step that failed and was not made up for. The
// caller holds the lock.
func (s *Session) failure() error {
	for _, err := range s.failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// logFailure reports an error that the visitor does not see in full. The request
// is named by its route, not by its URL, which may hold secrets.
func (f *Factory) logFailure(r *http.Request, msg string, err error) {
	f.opts.Logger.LogAttrs(r.Context(), levelOf(r.Context(), err), msg,
		slog.String("method", r.Method), slog.String("route", r.Pattern), errorAttr(err))
}

// levelOf keeps what visitors do (a click in another tab, a page that is left
// before it has come) out of the log of errors.
func levelOf(ctx context.Context, err error) slog.Level {
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled):
		return slog.LevelInfo
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrRefused):
		return slog.LevelError
	case errors.Is(err, ErrGone), errors.Is(err, ErrEnded):
		return slog.LevelInfo
	default:
		return slog.LevelError
	}
}
