package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"
)

// Observer receives an Event for each load, save, login and end of a session
// (Options.Observer): for metrics, for traces, for a log of security events (LogTo). The
// package sessionotel has one for OpenTelemetry.
//
// Observe is called after each Event, by the goroutine in which it happened, so that the
// request waits for it. It must be safe for concurrent use, must not keep e, and must not
// ask for the session, or use it: the session is locked, and the request would wait for
// itself and never end. When it panics, the panic is logged as an error, the observer does
// not get the event again, and the request goes on.
type Observer interface {
	Observe(ctx context.Context, e *Event)
}

// Tracer is an optional interface of an Observer. Start is called when an operation
// begins that may send commands to the store: OpLoad, OpCreate, OpSave, OpTouch, OpRenew or
// OpLogin. The store's commands get the context that it returns, and so does the Observe
// of the Event that ends the operation, which comes exactly once and has the same Op.
// Events in between, of another Op, get that context too: OpReject and OpEnd, and the
// OpCreate of a login. An OpSave with OutcomeUnchanged sends nothing and has no Start.
type Tracer interface {
	Start(ctx context.Context, op Op) context.Context
}

// Event is something that has happened to a session. It never holds an ID, a key of the
// store, a secret, or a user's name.
type Event struct {
	Op      Op
	Outcome Outcome
	// Cause is why a session has ended (OpEnd); 0 for other operations.
	Cause Cause
	// Factory is the name of the cookie (CookieOptions.Name), which differs between the
	// factories of an application.
	Factory string
	// Duration is how long the operation took, waits between its tries included. It is
	// 0 for OpReject and OpEnd, for the OpCreate that is a part of a login, and for an
	// OpSave with OutcomeUnchanged: they are parts of other operations, or send nothing.
	Duration time.Duration
	// Tries is how often a save, renewal, login or touch was tried: one more than the
	// number of conflicts with other requests. It is 0 when it was not tried at all.
	Tries int
	// Bytes is the size of the record that was read or written, as it is in the store; 0
	// when there was none.
	Bytes int
	// Sessions is how many sessions the user has after an OpLogin, the new one included,
	// where sessions are kept by user (Options.Users), else 0. Those that have expired may
	// be among them until their lease is over.
	Sessions int
	// Unused is true for an OpSave with OutcomeUnchanged when the request has loaded the
	// session and looked at none of its keys: the load was for nothing.
	Unused bool
	// Err is what the operation failed with, or why a cookie or record was not accepted.
	Err error

	request hidden[http.Request] // the application's; nil when it is not known
	in      hidden[http.Request] // the one that came in, for OnInvalid
	session hidden[Session]      // nil when there is none
}

// hidden is a pointer that fmt prints as an address: for a verb that does not fit, %s, it
// prints what another pointer points to, the cookie of a request among it.
type hidden[T any] struct{ p unsafe.Pointer }

func hide[T any](p *T) hidden[T] { return hidden[T]{unsafe.Pointer(p)} }

func (h hidden[T]) get() *T { return (*T)(h.p) }

// Request returns the request that the event belongs to, with its Pattern where a
// http.ServeMux inside the Handler has matched it. It is nil for what an application does
// outside every request. Its Cookie header holds the session's ID: log its route, not the
// request.
func (e *Event) Request() *http.Request { return e.request.get() }

// LogValue logs what happened, without the request.
func (e *Event) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("op", e.Op.String()), slog.String("outcome", e.Outcome.String())}
	if e.Cause != 0 {
		attrs = append(attrs, slog.String("cause", e.Cause.String()))
	}
	if e.Err != nil {
		attrs = append(attrs, errorAttr(e.Err))
	}
	return slog.GroupValue(attrs...)
}

// Op is the operation of an Event.
type Op uint8

const (
	// OpLoad is a request's look for its session: one for each request that asks for it,
	// also when it has no cookie.
	OpLoad Op = iota + 1
	// OpCreate is the first save of a new session. With OutcomeOK one more session is
	// stored.
	OpCreate
	// OpSave is the save of a session that is stored already, and, with OutcomeUnchanged,
	// the end of a request that had nothing to save.
	OpSave
	// OpTouch is a restart of the idle timeout by a command for that alone: by
	// Session.Touch, or at the end of a request when Options.TouchAfter says so. The restart
	// that a load makes is none.
	OpTouch
	// OpRenew is Session.Renew.
	OpRenew
	// OpLogin is Session.Login.
	OpLogin
	// OpEnd is the end of one session, whose record was removed, for a Cause. An expiry,
	// which Redis does by itself, is none. With another outcome than OutcomeOK it is an
	// attempt to end one session or more that has failed.
	OpEnd
	// OpReject is a cookie, a record or a value in it that was not accepted: what
	// Options.OnInvalid is called for.
	OpReject
	opCount
)

var opNames = [opCount]string{
	OpLoad: "load", OpCreate: "create", OpSave: "save", OpTouch: "touch", OpRenew: "renew",
	OpLogin: "login", OpEnd: "end", OpReject: "reject",
}

// String returns the operation's name: "load".
func (o Op) String() string { return nameOf(opNames[:], o) }

// Outcome is the result of an operation.
type Outcome uint8

const (
	// OutcomeOK is success, of every operation but a load.
	OutcomeOK Outcome = iota + 1
	// OutcomeHit is a load that found the session.
	OutcomeHit
	// OutcomeOldSecret is a load that found the session by a cookie that one of
	// Options.PreviousSecrets has signed. The visitor gets a new one.
	OutcomeOldSecret
	// OutcomeAnonymous is the load of a request without a cookie of the name.
	OutcomeAnonymous
	// OutcomeMiss is for a cookie that verifies, and no record: the session has ended, or
	// Redis has let it expire.
	OutcomeMiss
	// OutcomeExpired is for a record whose time was over, by its absolute timeout,
	// Options.ValidSince or the time of expiry in it.
	OutcomeExpired
	// OutcomeGone is for a session that was ended or renewed by another request a moment
	// ago. Of a login it is ErrEnded.
	OutcomeGone
	// OutcomeConflict is ErrConflict, and for a touch that another request has changed
	// the record and restarted the timeout itself.
	OutcomeConflict
	// OutcomeForged is for a cookie whose signature does not verify.
	OutcomeForged
	// OutcomeUndecodable is ErrUndecodable.
	OutcomeUndecodable
	// OutcomeCrossed is ErrCrossedReply.
	OutcomeCrossed
	// OutcomeTooLarge is ErrTooLarge.
	OutcomeTooLarge
	// OutcomeUnavailable is ErrUnavailable.
	OutcomeUnavailable
	// OutcomeUnbound is ErrUnbound: the session is bound to a browser (Options.DeviceBound),
	// and the request does not prove that it comes from there.
	OutcomeUnbound
	// OutcomeUnchanged is for a request that had nothing to save.
	OutcomeUnchanged
	// OutcomeFull is ErrTooManySessions.
	OutcomeFull
	// OutcomeRefused is ErrRefused, and for a new session whose cookie Options.AllowCookie
	// has refused.
	OutcomeRefused
	// OutcomeCanceled is for a load that its client did not wait for.
	OutcomeCanceled
	// OutcomeFailed is every other error.
	OutcomeFailed
	outcomeCount
)

var outcomeNames = [outcomeCount]string{
	OutcomeOK: "ok", OutcomeHit: "hit", OutcomeOldSecret: "old_secret", OutcomeAnonymous: "anonymous",
	OutcomeMiss: "miss", OutcomeExpired: "expired", OutcomeGone: "gone", OutcomeConflict: "conflict",
	OutcomeForged: "forged", OutcomeUndecodable: "undecodable", OutcomeCrossed: "crossed",
	OutcomeTooLarge: "too_large", OutcomeUnavailable: "unavailable", OutcomeUnbound: "unbound", OutcomeUnchanged: "unchanged",
	OutcomeFull: "full", OutcomeRefused: "refused", OutcomeCanceled: "canceled", OutcomeFailed: "failed",
}

// String returns the outcome's name, for a metric's attribute: "too_large".
func (o Outcome) String() string { return nameOf(outcomeNames[:], o) }

// outcomeOf returns the outcome of an operation that returned err.
func outcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeOK
	}
	for _, o := range errorOutcomes {
		if errors.Is(err, o.err) {
			return o.outcome
		}
	}
	if conflict, _ := overtaken(err); conflict != nil {
		return OutcomeConflict
	}
	return OutcomeFailed
}

// errorOutcomes are tried in this order: one error may wrap several.
var errorOutcomes = []struct {
	err     error
	outcome Outcome
}{
	{ErrUnavailable, OutcomeUnavailable}, {ErrRefused, OutcomeRefused}, {errCookieRefused, OutcomeRefused},
	{ErrCrossedReply, OutcomeCrossed}, {ErrUndecodable, OutcomeUndecodable}, {ErrTooLarge, OutcomeTooLarge},
	{ErrConflict, OutcomeConflict}, {ErrGone, OutcomeGone}, {ErrEnded, OutcomeGone},
	{ErrTooManySessions, OutcomeFull}, {ErrBadCookie, OutcomeForged}, {ErrUnbound, OutcomeUnbound},
	{errExpired, OutcomeExpired}, {errOutdated, OutcomeExpired}, {ErrNotFound, OutcomeMiss},
	{context.Canceled, OutcomeCanceled},
}

// Cause is why a session has ended.
type Cause uint8

const (
	// CauseLogout is Session.Invalidate or Factory.Invalidate.
	CauseLogout Cause = iota + 1
	// CauseRevoked is Factory.EndAll, End or EndLabel, Session.EndOthers, or
	// Options.ValidSince.
	CauseRevoked
	// CauseEvicted is a login beyond UserOptions.Max, which ends the oldest.
	CauseEvicted
	// CauseEmptied is Options.InvalidateEmpty.
	CauseEmptied
	// CauseTakenBack is for a session whose cookie could not be sent: without it no
	// request could find the session.
	CauseTakenBack
	// CauseAnotherKey is for a session that is bound to a browser (Options.DeviceBound), and
	// whose cookie came with a proof by another key: it has been copied.
	CauseAnotherKey
	causeCount
)

var causeNames = [causeCount]string{
	CauseLogout: "logout", CauseRevoked: "revoked", CauseEvicted: "evicted", CauseEmptied: "emptied",
	CauseTakenBack: "taken_back", CauseAnotherKey: "another_key",
}

// String returns the cause's name, for a metric's attribute: "logout".
func (c Cause) String() string { return nameOf(causeNames[:], c) }

func nameOf[T ~uint8](names []string, v T) string {
	if int(v) < len(names) && names[v] != "" {
		return names[v]
	}
	return fmt.Sprintf("%d", uint8(v))
}

// Observers returns an observer that passes every event to each of several, in their
// order. Those that are nil are left out.
func Observers(several ...Observer) Observer {
	var all observers
	for _, o := range several {
		switch o := o.(type) {
		case nil:
		case observers:
			all = append(all, o...)
		default:
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

type observers []Observer

func (all observers) Observe(ctx context.Context, e *Event) {
	for _, o := range all {
		o.Observe(ctx, e)
	}
}

func (all observers) Start(ctx context.Context, op Op) context.Context {
	for _, o := range all {
		if t, ok := o.(Tracer); ok {
			ctx = t.Start(ctx, op)
		}
	}
	return ctx
}

// onInvalid is Options.OnInvalid as an observer: it calls the hook for each OpReject.
type onInvalid func(*http.Request, error)

func (hook onInvalid) Observe(_ context.Context, e *Event) {
	if hook != nil && e.Op == OpReject {
		hook(e.in.get(), e.Err)
	}
}

// watcher calls the observers of a factory, and keeps their panics from the sessions.
type watcher struct {
	all    observers
	logger *slog.Logger
}

// newWatcher returns nil without an observer.
func newWatcher(o Observer, logger *slog.Logger) *watcher {
	if o == nil {
		return nil
	}
	return &watcher{Observers(o).(observers), logger}
}

func (w *watcher) observe(ctx context.Context, e *Event) {
	for _, o := range w.all {
		w.observeOne(ctx, o, e)
	}
}

func (w *watcher) observeOne(ctx context.Context, o Observer, e *Event) {
	defer w.recovered(ctx, e.Op)
	o.Observe(ctx, e)
}

func (w *watcher) start(ctx context.Context, op Op) context.Context {
	for _, o := range w.all {
		if t, ok := o.(Tracer); ok {
			ctx = w.startOne(ctx, t, op)
		}
	}
	return ctx
}

func (w *watcher) startOne(ctx context.Context, t Tracer, op Op) (started context.Context) {
	defer w.recovered(ctx, op)
	started = ctx // when Start panics
	if c := t.Start(ctx, op); c != nil {
		started = c
	}
	return started
}

// recovered logs a panic of an observer. It logs the panic's value only when that is the
// runtime's error: an observer has the request, and another value may hold its cookie.
func (w *watcher) recovered(ctx context.Context, op Op) {
	v := recover()
	if v == nil {
		return
	}
	what := fmt.Sprintf("%T", v)
	if err, ok := v.(runtime.Error); ok {
		what = err.Error()
	}
	w.logger.LogAttrs(ctx, slog.LevelError, "session: an observer panicked; the event is lost to it, and the request goes on",
		slog.String("op", op.String()), slog.String("panic", what), slog.String("stack", string(debug.Stack())))
}

// operation is an Event while its operation runs. A nil *operation is that of a factory without an
// observer; its methods do nothing.
type operation struct {
	Event
	f     *Factory
	ctx   context.Context
	began time.Time
}

// operations keeps operations that have ended for reuse, so that an event allocates nothing.
var operations = sync.Pool{New: func() any { return new(operation) }}

var errPanicked = errors.New("session: it was ended by a panic")

// start begins an operation of the session. It must be finished.
func (s *Session) start(ctx context.Context, op Op) (context.Context, *operation) {
	w := s.f.watcher
	if w == nil {
		return ctx, nil
	}
	s.tries, s.size = 0, 0
	o := s.f.event(ctx, op, s.app)
	o.session, o.Err = hide(s), errPanicked
	o.ctx = w.start(ctx, op)
	o.began = time.Now()
	return o.ctx, o
}

// event returns a new event.
func (f *Factory) event(ctx context.Context, op Op, r *http.Request) *operation {
	o := operations.Get().(*operation)
	o.f, o.ctx, o.Op, o.Factory = f, ctx, op, f.opts.Cookie.Name
	if r == nil {
		if x := f.exchangeIn(ctx); x != nil {
			r = x.r
		} else {
			r, _ = ctx.Value(requestKey{}).(*http.Request)
		}
	}
	o.request = hide(r)
	return o
}

// requestKey is the context key of the request of a session.
type requestKey struct{}

// withRequest returns a context in which event finds the session's request. The caller's
// context may be one of another request, or of none.
func (s *Session) withRequest(ctx context.Context) context.Context {
	if s.f.watcher == nil || s.app == nil {
		return ctx
	}
	return context.WithValue(ctx, requestKey{}, s.app)
}

// came sets the error of an operation, and returns it.
func (o *operation) came(err error) error {
	if o != nil {
		o.Err = err
	}
	return err
}

// as sets an outcome that does not follow from the error.
func (o *operation) as(outcome Outcome) {
	if o != nil {
		o.Outcome, o.Err = outcome, nil
	}
}

// finish passes the event to the observers. It is deferred, because a panic ends the
// operation too.
func (o *operation) finish() {
	if o == nil {
		return
	}
	if o.Outcome == 0 {
		o.Outcome = outcomeOf(o.Err)
	}
	if !o.began.IsZero() {
		o.Duration = time.Since(o.began)
	}
	if s := o.session.get(); s != nil {
		o.Tries, o.Bytes = s.tries, s.size
		if o.Op == OpLogin && o.Outcome == OutcomeOK {
			o.Sessions = s.siblings
		}
	}
	if w := o.f.watcher; w != nil {
		w.observe(o.ctx, &o.Event)
	}
	*o = operation{}
	operations.Put(o)
}

// note passes an event to the observers that is part of another operation.
func (s *Session) note(ctx context.Context, op Op, outcome Outcome, err error) {
	if s.f.watcher == nil {
		return
	}
	o := s.f.event(ctx, op, s.app)
	o.session, o.Err, o.Outcome = hide(s), err, outcome
	o.Unused = outcome == OutcomeUnchanged && s.state == isStored && !s.isNew && !s.data.Used()
	o.finish()
}

// ended passes an OpEnd to the observers: for a session that has ended, or, with an error, for
// one or more that could not be ended.
func (f *Factory) ended(ctx context.Context, cause Cause, err error) {
	if f.watcher == nil {
		return
	}
	o := f.event(ctx, OpEnd, nil)
	o.Cause, o.Err = cause, err
	o.finish()
}

// invalid passes a cookie or record that was not accepted to the hook, the observer and
// the log. in is the request that came in, app the application's.
func (f *Factory) invalid(in, app *http.Request, err error) {
	if f.rejections != nil || f.watcher != nil {
		ctx := context.Background()
		if app != nil {
			ctx = app.Context()
		}
		o := f.event(ctx, OpReject, app)
		o.Outcome, o.Err, o.in = outcomeOf(err), err, hide(in)
		f.rejections.Observe(ctx, &o.Event)
		o.finish()
	}
	f.opts.Logger.LogAttrs(context.Background(), levelOfInvalid(err), "session not accepted", errorAttr(err))
}
