package sessionotel_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessionotel"
)

const secret = "a secret for tests, of more than 32 bytes"

// user is a user's name, which nothing may show.
const user = "alice-topsecret"

const forged = "forged"

// site is an application on a redis-server whose sessions are observed.
type site struct {
	t        testing.TB
	observer session.Observer
	server   *connecttest.Server
	client   *redis.Client
	secrets  []string // IDs and cookies

	f, next, broken *session.Factory // next has another secret, broken a server that is not there
}

func newSite(t testing.TB, opts ...sessionotel.Option) *site {
	t.Helper()
	observer, err := sessionotel.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, observer: observer, server: connecttest.RedisServer(t)}
	s.client = s.server.Client()
	store := goredis.New(s.client)
	s.f = s.factory(store, func(o *session.Options) { o.Secret = secret })
	s.next = s.factory(store, func(o *session.Options) {
		o.Secret, o.PreviousSecrets = "the next secret, of more than 32 bytes", []string{secret}
	})
	none := redis.NewClient(&redis.Options{Addr: connecttest.ClosedAddr(t), MaxRetries: -1})
	t.Cleanup(func() { _ = none.Close() })
	s.broken = s.factory(goredis.New(none), func(o *session.Options) { o.Secret = secret })
	return s
}

func (s *site) factory(store session.Store, change func(*session.Options)) *session.Factory {
	s.t.Helper()
	o := &session.Options{
		Observer: s.observer, Users: &session.UserOptions{Max: 2}, InvalidateEmpty: true,
		MaxRecordBytes: 10_000, Logger: slog.New(slog.DiscardHandler),
	}
	change(o)
	f, err := session.NewFactory(store, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// visit sends a request of a visitor's.
func (s *site) visit(f *session.Factory, v *visitor.Visitor, use func(ctx context.Context, se *session.Session)) {
	v.Get(f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		se, err := f.Get(r)
		if err != nil {
			return
		}
		use(r.Context(), se)
		if se.ID() != "" {
			s.secrets = append(s.secrets, se.ID())
		}
	})), "/")
	if c := v.Cookie("session"); c != "" && c != forged {
		s.secrets = append(s.secrets, c)
	}
}

func write(_ context.Context, se *session.Session) { se.Set("k", time.Now().String()) }
func read(_ context.Context, se *session.Session)  { se.Get("k") }
func nothing(context.Context, *session.Session)    {}
func login(ctx context.Context, se *session.Session) {
	_ = se.Login(ctx, user)
}
func logout(ctx context.Context, se *session.Session) { _ = se.Invalidate(ctx) }

// live is a while in the life of the application, with everything that a metric counts.
func (s *site) live() {
	v := visitor.New(s.t)
	s.visit(s.f, v, write)
	s.visit(s.f, v, read)
	s.visit(s.f, v, nothing)
	s.visit(s.f, v, func(_ context.Context, se *session.Session) {
		se.Set("other", 1)
		s.visit(s.f, v, write) // a conflict
	})
	s.visit(s.broken, v, read)
	s.visit(s.next, v, read) // the old secret
	s.visit(s.next, v, func(_ context.Context, se *session.Session) { se.Set("k", strings.Repeat("x", 10_000)) })
	s.visit(s.next, v, login)
	s.visit(s.next, v, logout)
	forger := visitor.New(s.t)
	forger.SetCookie("session", forged)
	s.visit(s.f, forger, read)
	for range 3 { // the third is one too many
		s.visit(s.f, visitor.New(s.t), login)
	}
	_, _ = s.f.EndAll(context.Background(), user)
	emptied := visitor.New(s.t)
	s.visit(s.f, emptied, write)
	s.visit(s.f, emptied, func(_ context.Context, se *session.Session) { se.Delete("k") })
	gone := visitor.New(s.t)
	s.visit(s.f, gone, write)
	cookie := gone.Cookie("session")
	s.visit(s.f, gone, logout)
	gone.SetCookie("session", cookie)
	s.visit(s.f, gone, read)
}

// collected are the metrics that a reader has, by their names.
func collected(t *testing.T, reader sdkmetric.Reader) map[string]metricdata.Metrics {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	all := map[string]metricdata.Metrics{}
	for _, sm := range data.ScopeMetrics {
		for _, m := range sm.Metrics {
			all[m.Name] = m
		}
	}
	return all
}

// points returns how many times something was counted or recorded, by the values of its
// attributes but for the cookie's.
func points(t *testing.T, m metricdata.Metrics) map[string]int {
	t.Helper()
	found := map[string]int{}
	add := func(set attribute.Set, n int) {
		var values []string
		for _, kv := range set.ToSlice() {
			if kv.Key == "cookie" {
				if kv.Value.AsString() != "session" {
					t.Errorf("%s: the cookie is %q", m.Name, kv.Value.AsString())
				}
				continue
			}
			values = append(values, string(kv.Key)+"="+kv.Value.AsString())
		}
		found[strings.Join(values, " ")] += n
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, int(p.Value))
		}
	case metricdata.Histogram[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, int(p.Count))
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, int(p.Count))
		}
	default:
		t.Errorf("%s: %T", m.Name, data)
	}
	return found
}

// TestMetrics: what each metric counts of a while in an application's life.
func TestMetrics(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	s := newSite(t, sessionotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	s.live()
	all := collected(t, reader)
	for name, want := range map[string]struct {
		unit   string
		counts map[string]int
	}{
		"redissessions.load.duration": {"s", map[string]int{
			"outcome=anonymous": 6, "outcome=hit": 9, "outcome=old_secret": 1, "outcome=unavailable": 1, "outcome=forged": 1, "outcome=miss": 1,
		}},
		"redissessions.save.duration": {"s", map[string]int{
			"op=create outcome=ok": 3, "op=save outcome=ok": 3, "op=save outcome=too_large": 1, "op=login outcome=ok": 4,
		}},
		"redissessions.save.tries":    {"{try}", map[string]int{"op=create": 3, "op=save": 4, "op=login": 4}},
		"redissessions.created":       {"{session}", map[string]int{"": 6}},
		"redissessions.logins":        {"{login}", map[string]int{"outcome=ok": 4}},
		"redissessions.ended":         {"{session}", map[string]int{"cause=logout": 2, "cause=evicted": 1, "cause=revoked": 2, "cause=emptied": 1}},
		"redissessions.rejected":      {"{cookie}", map[string]int{"reason=forged": 1, "reason=miss": 1}},
		"redissessions.old_secret":    {"{cookie}", map[string]int{"": 1}},
		"redissessions.record.size":   {"By", map[string]int{"op=load": 10, "op=create": 3, "op=save": 2, "op=login": 4}}, // the one that was emptied has none
		"redissessions.user.sessions": {"{session}", map[string]int{"": 4}},
		"redissessions.unused":        {"{request}", map[string]int{"": 1}},
	} {
		m, ok := all[name]
		if !ok {
			t.Errorf("there is no %s", name)
			continue
		}
		if m.Unit != want.unit || m.Description == "" {
			t.Errorf("%s: the unit is %q, the description %q", name, m.Unit, m.Description)
		}
		got := points(t, m)
		if len(got) != len(want.counts) {
			t.Errorf("%s: %v, want %v", name, got, want.counts)
			continue
		}
		for attrs, n := range want.counts {
			if got[attrs] != n {
				t.Errorf("%s: %v, want %v", name, got, want.counts)
				break
			}
		}
		delete(all, name)
	}
	for name := range all {
		t.Errorf("%s is not in this test", name)
	}
}

// TestSpans: the client's spans are in those of the session, and these in the request's.
func TestSpans(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	s := newSite(t, sessionotel.WithTracerProvider(tracers))
	if err := redisotel.InstrumentTracing(s.client, redisotel.WithTracerProvider(tracers), redisotel.WithDBStatement(false)); err != nil {
		t.Fatal(err)
	}
	v := visitor.New(t)
	page := s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if se, err := s.f.Get(r); err == nil {
			write(r.Context(), se)
		}
	}))
	v.Get(page, "/")
	served := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := tracers.Tracer("test").Start(r.Context(), "GET /")
		defer span.End()
		page.ServeHTTP(w, r.WithContext(ctx))
	})
	recorder.Reset()
	v.Get(served, "/")
	var names []string
	spans := recorder.Ended()
	byID := map[string]string{}
	for _, span := range spans {
		byID[span.SpanContext().SpanID().String()] = span.Name()
	}
	for _, span := range spans {
		if parent, ok := byID[span.Parent().SpanID().String()]; ok {
			names = append(names, parent+" > "+span.Name())
		}
	}
	s.live()
	hidden := append(s.client.Keys(t.Context(), "*").Val(), append(s.secrets, user)...)
	for _, span := range recorder.Ended() {
		text := fmt.Sprint(span.Name(), span.Attributes(), span.Status(), span.Events())
		for _, secret := range hidden {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows a secret, a key or a user's name", span.Name())
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, want := range []string{"GET / > session load", "GET / > session save", "session load > getex", "session save > evalsha"} {
		if !slices.Contains(names, want) {
			t.Errorf("no span %q; there are %q", want, names)
		}
	}
}

// TestSpansOfEverything: each span that was started has ended, with its outcome, and what
// fails is an error.
func TestSpansOfEverything(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	s := newSite(t, sessionotel.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))))
	s.live()
	if started, ended := len(recorder.Started()), len(recorder.Ended()); started != ended || started == 0 {
		t.Errorf("%d spans were started and %d have ended", started, ended)
	}
	failed := map[string]bool{"unavailable": true, "too_large": true}
	seen := map[string]bool{}
	for _, span := range recorder.Ended() {
		outcome := ""
		for _, kv := range span.Attributes() {
			if kv.Key == "redissessions.outcome" {
				outcome = kv.Value.AsString()
			}
		}
		seen[span.Name()+" "+outcome] = true
		if isError := span.Status().Code == codes.Error; isError != failed[outcome] {
			t.Errorf("%s, %s: an error: %v", span.Name(), outcome, isError)
		}
	}
	for _, want := range []string{"session load hit", "session load anonymous", "session load unavailable", "session save ok", "session save too_large", "session login ok"} {
		if !seen[want] {
			t.Errorf("no span of %q; there are %v", want, seen)
		}
	}
}

// TestObserveCostsNoAllocation: the attributes of events are made once.
func TestObserveCostsNoAllocation(t *testing.T) {
	o, err := sessionotel.New(sessionotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))))
	if err != nil {
		t.Fatal(err)
	}
	e := &session.Event{Op: session.OpLoad, Outcome: session.OutcomeHit, Factory: "session", Duration: time.Millisecond, Bytes: 1000}
	if n := testing.AllocsPerRun(1000, func() { o.Observe(context.Background(), e) }); n > 0 {
		t.Errorf("%v allocations for an event", n)
	}
}

// TestTwoObserversOfSpans: each of two providers gets its own spans, and ends them.
func TestTwoObserversOfSpans(t *testing.T) {
	var recorders []*tracetest.SpanRecorder
	var observers []session.Observer
	for range 2 {
		r := tracetest.NewSpanRecorder()
		o, err := sessionotel.New(sessionotel.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r))))
		if err != nil {
			t.Fatal(err)
		}
		recorders, observers = append(recorders, r), append(observers, o)
	}
	s := newSite(t)
	s.f = s.factory(goredis.New(s.client), func(o *session.Options) {
		o.Secret, o.Observer = secret, session.Observers(observers...)
	})
	v := visitor.New(t)
	s.visit(s.f, v, write)
	s.visit(s.f, v, login)
	s.visit(s.f, v, logout)
	for n, r := range recorders {
		if started, ended := len(r.Started()), len(r.Ended()); started != ended || started < 5 {
			t.Errorf("of provider %d %d spans were started and %d have ended", n, started, ended)
		}
	}
}

// TestRefusals: a store that refuses a session is a failure, on which RedisSessionsUnavailable
// alerts; an AllowCookie hook that refuses its cookie is none.
func TestRefusals(t *testing.T) {
	reader, recorder := sdkmetric.NewManualReader(), tracetest.NewSpanRecorder()
	s := newSite(t, sessionotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))),
		sessionotel.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))))
	failures := func() (saves, spans int) {
		if m, ok := collected(t, reader)["redissessions.save.duration"]; ok {
			saves = points(t, m)["op=create outcome=refused"]
		}
		for _, span := range recorder.Ended() {
			if span.Status().Code == codes.Error {
				spans++
			}
		}
		return saves, spans
	}
	hook := s.factory(goredis.New(s.client), func(o *session.Options) {
		o.Secret, o.AllowCookie = secret, func(http.Header) bool { return false }
	})
	s.visit(hook, visitor.New(t), write)
	if saves, spans := failures(); saves != 0 || spans != 0 {
		t.Errorf("the hook refuses: %d failed saves, %d failed spans", saves, spans)
	}
	if err := s.client.Do(t.Context(), "acl", "setuser", "default", "-set").Err(); err != nil {
		t.Fatal(err)
	}
	s.visit(s.f, visitor.New(t), write)
	if saves, spans := failures(); saves != 1 || spans != 1 {
		t.Errorf("the store refuses: %d failed saves, %d failed spans", saves, spans)
	}
}
