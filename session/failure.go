package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/pyramidgo/redissessions/session/internal/respwriter"
)

// What is sent in place of a page whose session could not be loaded or saved.

// errPageReplaced is what SendHeader returns once the error handler has answered,
// or begun to, in the handler's place. The handler's writes then return no
// error and are dropped: many frameworks panic when a write fails, which would cut the
// connection and the answer with it. Only Hijack returns the error.
var errPageReplaced = errors.New("session: the session failed and the error handler has answered; the page is not sent")

// fail lets the error handler answer, without the header fields that describe the page
// that is not sent.
func (x *exchange) fail(err error) {
	x.log("session: the page was not sent", err)
	for _, name := range pageHeaders {
		x.h.Del(name)
	}
	x.clearSiteData()
	if len(x.outside) > 0 {
		x.h["Content-Encoding"] = x.outside
	}
	x.h.Set("Cache-Control", "no-store")
	x.f.answer(x.out.Original(), x.r, err)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.answered = true
}

// answer lets the error handler answer. An empty answer would go out as 200, as if
// all were well.
func (f *Factory) answer(w http.ResponseWriter, r *http.Request, err error) {
	noting := &respwriter.Answer{ResponseWriter: w}
	f.opts.ErrorHandler(noting, r, err)
	if !noting.Begun {
		answerError(w, r, err)
	}
}

func (x *exchange) hasAnswered() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.answered
}

// AnswerIsDue reports, once, that the error handler has answered.
func (x *exchange) AnswerIsDue() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	due := x.answered && !x.shown
	x.shown = x.shown || due
	return due
}

// SendInterim reports whether a 1xx response is sent, and notes that one was.
func (x *exchange) SendInterim() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.interim = x.interim || !x.replaced
	return !x.replaced
}

// Flushes reports whether a Flush is passed on. It is once the error handler has
// answered: a handler that goes on making its page, without an end perhaps, must
// not keep the answer from the visitor.
func (x *exchange) Flushes() bool { return x.SendHeader() == nil || x.hasAnswered() }

// pageHeaders describe the page itself, or make a proxy or the browser go
// elsewhere or forget something; they are wrong for any other page.
var pageHeaders = []string{
	"Accept-Ranges", "Clear-Site-Data", "Connection", "Content-Digest", "Content-Disposition",
	"Content-Encoding", "Content-Language", "Content-Length", "Content-Location",
	"Content-Range", "Content-Type", "Etag", "Expires", "Hx-Location", "Hx-Redirect",
	"Hx-Refresh", "Last-Modified", "Link", "Location", "Refresh", "Repr-Digest", "Retry-After",
	"Trailer", "Transfer-Encoding", "Upgrade", "X-Accel-Redirect", "X-Sendfile",
}

// retryAfter is when a client may ask again, in seconds: a failover takes about
// that long (docs/reliability.md).
const retryAfter = "5"

// answerError is the default error handler. It tells the visitor whether to try again,
// and nothing of the error.
func answerError(w http.ResponseWriter, _ *http.Request, err error) {
	code := http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrUnavailable):
		w.Header().Set("Retry-After", retryAfter)
		code = http.StatusServiceUnavailable
	case errors.Is(err, ErrConflict):
		code = http.StatusServiceUnavailable
	case errors.Is(err, ErrUnbound):
		http.Error(w, "This browser could not prove that it is the one that logged in. Nothing was changed. Please log out and log in again.", http.StatusForbidden)
		return
	case errors.Is(err, ErrGone), errors.Is(err, ErrEnded):
		http.Error(w, "Your session has ended or was renewed meanwhile, perhaps in another tab. Nothing was changed. Please reload and try again.", http.StatusConflict)
		return
	}
	http.Error(w, http.StatusText(code), code)
}

func (x *exchange) log(msg string, err error) { x.f.logFailure(x.r, msg, err) }

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
	case errors.Is(err, ErrGone), errors.Is(err, ErrEnded), errors.Is(err, ErrUnbound):
		return slog.LevelInfo
	default:
		return slog.LevelError
	}
}

func errorAttr(err error) slog.Attr { return slog.String("error", err.Error()) }

// levelOfInvalid keeps what any visitor can provoke out of the usual log. ErrUnbound is not
// of that kind: it takes the cookie of a bound session.
func levelOfInvalid(err error) slog.Level {
	if errors.Is(err, ErrUndecodable) || errors.Is(err, ErrUnbound) {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
