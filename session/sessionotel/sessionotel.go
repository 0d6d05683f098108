// Package sessionotel gives OpenTelemetry metrics and spans of sessions. It is a module
// by itself, so that only those who use it get OpenTelemetry.
//
//	metrics, err := sessionotel.New()
//	...
//	sessions, err := factory.FromSettings(src, factory.WithObserver(metrics))
//
// The metrics are named redissessions.*, because session.* belongs to OpenTelemetry's
// sessions of clients. Their attributes have few values, and never an ID or a user's name:
// cookie is the name of the factory's cookie, op, outcome and cause are the names that
// session.Op, session.Outcome and session.Cause have, and reason is the outcome of a
// rejection. docs/observing.md says what each metric is for.
//
// Each load, save, login, renewal and touch is a span, around those that the client of Redis
// makes, where that is instrumented too. The parent is the span in the context of the
// request: the middleware that begins it belongs outside the session's Handler.
package sessionotel

import (
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyramidgo/redissessions/session"
)

const scope = "github.com/pyramidgo/redissessions/session/sessionotel"

// Option is WithMeterProvider or WithTracerProvider.
type Option func(*config)

type config struct {
	meters  metric.MeterProvider
	tracers trace.TracerProvider
}

// WithMeterProvider sends the metrics to p. The default is otel.GetMeterProvider(), and
// for nil too.
func WithMeterProvider(p metric.MeterProvider) Option { return func(c *config) { c.meters = p } }

// WithTracerProvider sends the spans to p. The default is otel.GetTracerProvider(), and
// for nil too.
func WithTracerProvider(p trace.TracerProvider) Option { return func(c *config) { c.tracers = p } }

// observer is what New returns.
type observer struct {
	instruments
	tracer trace.Tracer
	sets   sets
}

var _ session.Tracer = (*observer)(nil)

// New returns an observer, for Options.Observer or factory.WithObserver. One serves any
// number of factories. The error is that of an instrument that the meter provider refuses.
func New(opts ...Option) (session.Observer, error) {
	c := config{}
	for _, o := range opts {
		o(&c)
	}
	if c.meters == nil {
		c.meters = otel.GetMeterProvider()
	}
	if c.tracers == nil {
		c.tracers = otel.GetTracerProvider()
	}
	o := &observer{tracer: c.tracers.Tracer(scope)}
	return o, o.make(c.meters.Meter(scope))
}

// instruments are the metrics.
type instruments struct {
	loadDuration, saveDuration                              metric.Float64Histogram
	saveTries, recordSize, userSessions                     metric.Int64Histogram
	created, logins, ended, rejected, oldSecret, unusedLoad metric.Int64Counter
}

// Bounds of the histograms' buckets. A round trip to Redis on the same machine takes about
// 100 µs; socket_timeout is 5 s.
var (
	seconds = metric.WithExplicitBucketBoundaries(.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)
	tries   = metric.WithExplicitBucketBoundaries(1, 2, 3, 5, 10, 25, 100)
	bytes   = metric.WithExplicitBucketBoundaries(128, 256, 512, 1<<10, 2<<10, 4<<10, 8<<10, 16<<10, 64<<10, 256<<10, 1<<20)
	several = metric.WithExplicitBucketBoundaries(1, 2, 3, 5, 10, 20, 50, 100)
)

func (i *instruments) make(m metric.Meter) error {
	var errs [11]error
	i.loadDuration, errs[0] = m.Float64Histogram("redissessions.load.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("How long a request waited for its session."))
	i.saveDuration, errs[1] = m.Float64Histogram("redissessions.save.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("How long a create, save, touch, renewal or login took, with the waits between its tries."))
	i.saveTries, errs[2] = m.Int64Histogram("redissessions.save.tries", metric.WithUnit("{try}"), tries,
		metric.WithDescription("How often a save was tried: one more than the conflicts with other requests."))
	i.created, errs[3] = m.Int64Counter("redissessions.created", metric.WithUnit("{session}"),
		metric.WithDescription("New sessions that were stored."))
	i.logins, errs[4] = m.Int64Counter("redissessions.logins", metric.WithUnit("{login}"),
		metric.WithDescription("Logins, by their outcome."))
	i.ended, errs[5] = m.Int64Counter("redissessions.ended", metric.WithUnit("{session}"),
		metric.WithDescription("Sessions that were ended, by the cause. Those that Redis let expire are not among them."))
	i.rejected, errs[6] = m.Int64Counter("redissessions.rejected", metric.WithUnit("{cookie}"),
		metric.WithDescription("Cookies and records that were not accepted, by the reason."))
	i.oldSecret, errs[7] = m.Int64Counter("redissessions.old_secret", metric.WithUnit("{cookie}"),
		metric.WithDescription("Cookies that a previous secret has signed."))
	i.recordSize, errs[8] = m.Int64Histogram("redissessions.record.size", metric.WithUnit("By"), bytes,
		metric.WithDescription("Size of the records that were read and written."))
	i.userSessions, errs[9] = m.Int64Histogram("redissessions.user.sessions", metric.WithUnit("{session}"), several,
		metric.WithDescription("How many sessions a user has after a login."))
	i.unusedLoad, errs[10] = m.Int64Counter("redissessions.unused", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that loaded their session and looked at nothing in it."))
	return errors.Join(errs[:]...)
}
