package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/pyramidgo/redissessions/session/internal/contention"
	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/respwriter"
	"github.com/pyramidgo/redissessions/session/internal/sign"
)

var (
	// ErrNotFound is returned by a Store when there is no record at the key:
	// it expired, it was deleted, or it was never there.
	ErrNotFound = errors.New("session: no such record")

	// ErrExists is returned by Store.Create when a record is there already.
	ErrExists = errors.New("session: a record exists already")

	// ErrGone is returned when a session was invalidated, renewed or expired
	// while the request was using it. Nothing of the request's changes is
	// written.
	ErrGone = errors.New("session: the session has ended meanwhile; nothing was saved")

	// ErrEnded is returned when sessions of the user were ended while a login
	// was under way. Nothing of the request's changes is written.
	ErrEnded = errors.New("session: sessions of this user were ended meanwhile; the login was not saved")

	// ErrTooManySessions is returned by Session.Login when the user has
	// UserOptions.Max sessions already and WhenFull is Refuse. It is the application's
	// to answer: nothing was changed.
	ErrTooManySessions = errors.New("session: the user has as many sessions as user_sessions_max allows; end one of them first")

	// ErrNoUserIndex is returned by the methods that list and end a user's sessions when
	// Options.Users is nil, or when the store is no UserIndex.
	ErrNoUserIndex = errors.New("session: sessions are not kept by user; set user_sessions (Options.Users), with a store that is a UserIndex")

	// ErrConflict is returned when other requests kept changing the session until the
	// time for the save (Options.SaveTimeout) was over. Nothing was written.
	ErrConflict = contention.ErrConflict

	// ErrLeaseEnded is returned by Session.Once when its function has taken longer than
	// the lease, and another request has taken over, or when another request has cleared
	// the session. The function's result was not stored.
	ErrLeaseEnded = errors.New("session: once: another request has taken the work over; the result was not stored")

	// ErrHeaderWritten is returned when a change needs a cookie and the
	// response's header has been sent already.
	ErrHeaderWritten = errors.New("session: the response header has been sent; start, renew or invalidate a session before writing to the response")

	// ErrTooLarge is returned when an encoded record exceeds
	// Options.MaxRecordBytes. Nothing was written.
	ErrTooLarge = errors.New("session: the record is too large; keep less in the session or raise max_record_bytes")

	// ErrBadCookie is reported to Options.OnInvalid for a cookie whose signature
	// does not verify or that is malformed.
	ErrBadCookie = sign.ErrBadCookie

	// ErrUndecodable is returned when a stored record cannot be read: it is
	// damaged, was written by another codec or version, or exceeds a limit.
	ErrUndecodable = record.ErrUndecodable

	// ErrCrossedReply is returned when Redis answers with another key's record. The
	// record is discarded.
	ErrCrossedReply = record.ErrCrossedReply

	// ErrRefused is returned when the store answered that it will not do what
	// it was asked, for a reason that does not pass by itself: the server's user
	// may not run a command, the key holds something that is not a record, the
	// password is wrong. A store wraps its own error with it, and then not with
	// ErrUnavailable.
	ErrRefused = errors.New("session: the store refused the command")

	// ErrUnavailable is returned when the store did not answer, or could not
	// serve for the moment. The store's own error is wrapped with it. So is every
	// other error of a store, unless it wraps ErrRefused or context.Canceled.
	ErrUnavailable = errors.New("session: the store is not available")
)

// ConflictError is returned by Store.Replace and Store.Remove when the stored
// record no longer begins with the guard.
type ConflictError struct {
	// Current is what is stored now. The receiver may keep it.
	Current []byte
}

// Error says that there was a conflict. It never holds the record.
func (e *ConflictError) Error() string {
	return "session: the record has changed meanwhile"
}

// OptionError is a mistake in the Options that NewFactory was given. NewFactory returns
// all of them, joined by errors.Join.
type OptionError struct {
	// Field is the field of Options that is to blame: "PythonExpires", "Cookie.Path".
	Field string
	// Err says what is wrong with it. It never holds a secret or a key.
	Err error
}

// Error returns "session: field: what is wrong with it".
func (e *OptionError) Error() string { return "session: " + e.Field + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *OptionError) Unwrap() error { return e.Err }

func optionError(field, format string, args ...any) error {
	return &OptionError{Field: field, Err: fmt.Errorf(format, args...)}
}

// The rest of this file is how errors are answered and logged: first what is sent in place of
// a page whose session could not be loaded or saved.

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

// outcome keeps the error of a step, and returns it. A step that failed makes
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
