package sessionotel

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyramidgo/redissessions/session"
)

// Observe implements session.Observer.
func (o *observer) Observe(ctx context.Context, e *session.Event) {
	o.endSpan(ctx, e)
	set := o.sets.of(e)
	if e.Bytes > 0 && (e.Op == session.OpLoad || e.Outcome == session.OutcomeOK && e.Duration > 0) {
		o.recordSize.Record(ctx, int64(e.Bytes), set.op...)
	}
	switch e.Op {
	case session.OpLoad:
		o.loadDuration.Record(ctx, e.Duration.Seconds(), set.outcome...)
		if e.Outcome == session.OutcomeOldSecret {
			o.oldSecret.Add(ctx, 1, set.cookie...)
		}
	case session.OpEnd:
		if e.Outcome == session.OutcomeOK {
			o.ended.Add(ctx, 1, set.cause...)
		}
	case session.OpReject:
		o.rejected.Add(ctx, 1, set.reason...)
	default:
		o.saved(ctx, e, set)
	}
}

// saved records an operation that writes.
func (o *observer) saved(ctx context.Context, e *session.Event, set *attributes) {
	if e.Outcome == session.OutcomeUnchanged {
		if e.Unused {
			o.unusedLoad.Add(ctx, 1, set.cookie...)
		}
		return
	}
	if e.Duration > 0 && !byHook(e) { // otherwise it is a part of another operation
		o.saveDuration.Record(ctx, e.Duration.Seconds(), set.both...)
		if e.Tries > 0 {
			o.saveTries.Record(ctx, int64(e.Tries), set.op...)
		}
	}
	switch e.Op {
	case session.OpCreate:
		if e.Outcome == session.OutcomeOK {
			o.created.Add(ctx, 1, set.cookie...)
		}
	case session.OpLogin:
		o.logins.Add(ctx, 1, set.outcomeOnly...)
		if e.Sessions > 0 {
			o.userSessions.Record(ctx, int64(e.Sessions), set.cookieOfRecord...)
		}
	}
}

// sets are the attributes of events, each made once: an event costs no allocation.
type sets struct{ known sync.Map } // setKey to *attributes

type setKey struct {
	cookie  string
	op      session.Op
	outcome session.Outcome
	cause   session.Cause
}

// attributes are those of one kind of event, as the options that the instruments take.
type attributes struct {
	op, outcome, both, cookieOfRecord  []metric.RecordOption
	cookie, outcomeOnly, cause, reason []metric.AddOption
}

func (s *sets) of(e *session.Event) *attributes {
	key := setKey{e.Factory, e.Op, e.Outcome, e.Cause}
	if a, ok := s.known.Load(key); ok {
		return a.(*attributes)
	}
	cookie := attribute.String("cookie", e.Factory)
	op := attribute.String("op", e.Op.String())
	outcome := attribute.String("outcome", e.Outcome.String())
	a, _ := s.known.LoadOrStore(key, &attributes{
		op:             []metric.RecordOption{with(cookie, op)},
		outcome:        []metric.RecordOption{with(cookie, outcome)},
		both:           []metric.RecordOption{with(cookie, op, outcome)},
		cookieOfRecord: []metric.RecordOption{with(cookie)},
		cookie:         []metric.AddOption{with(cookie)},
		outcomeOnly:    []metric.AddOption{with(cookie, outcome)},
		cause:          []metric.AddOption{with(cookie, attribute.String("cause", e.Cause.String()))},
		reason:         []metric.AddOption{with(cookie, attribute.String("reason", e.Outcome.String()))},
	})
	return a.(*attributes)
}

func with(attrs ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attrs...))
}

// spanKey is the context key of an observer's span of the operation under way: an
// application may have two observers, of two providers.
type spanKey struct{ *observer }

type started struct {
	op   session.Op
	span trace.Span
}

var spanNames = map[session.Op]string{
	session.OpLoad: "session load", session.OpCreate: "session save", session.OpSave: "session save",
	session.OpTouch: "session touch", session.OpRenew: "session renew", session.OpLogin: "session login",
}

// Start implements session.Tracer.
func (o *observer) Start(ctx context.Context, op session.Op) context.Context {
	name, ok := spanNames[op]
	if !ok {
		name = "session " + op.String()
	}
	ctx, span := o.tracer.Start(ctx, name)
	return context.WithValue(ctx, spanKey{o}, started{op, span})
}

// endSpan ends the span of an operation. Other events come while it is under way.
func (o *observer) endSpan(ctx context.Context, e *session.Event) {
	s, ok := ctx.Value(spanKey{o}).(started)
	if !ok || s.op != e.Op {
		return
	}
	if s.span.IsRecording() {
		s.span.SetAttributes(
			attribute.String("redissessions.cookie", e.Factory),
			attribute.String("redissessions.op", e.Op.String()),
			attribute.String("redissessions.outcome", e.Outcome.String()),
			attribute.Int("redissessions.tries", e.Tries),
			attribute.Int("redissessions.record.size", e.Bytes),
		)
		if e.Err != nil && failed(e.Outcome) && !byHook(e) {
			s.span.RecordError(e.Err)
			s.span.SetStatus(codes.Error, e.Outcome.String())
		}
	}
	s.span.End()
}

// byHook reports whether the application's AllowCookie has refused the cookie of a session,
// which has the outcome of a store that refuses to save it, and is no failure.
func byHook(e *session.Event) bool {
	return e.Outcome == session.OutcomeRefused && !errors.Is(e.Err, session.ErrRefused)
}

// failed reports whether an outcome is something to look into, and not what visitors do.
func failed(o session.Outcome) bool {
	switch o {
	case session.OutcomeUnavailable, session.OutcomeRefused, session.OutcomeFailed, session.OutcomeCrossed,
		session.OutcomeTooLarge, session.OutcomeConflict, session.OutcomeUndecodable:
		return true
	}
	return false
}
