package session_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// seenEvents is an observer that keeps copies of the events.
type seenEvents struct {
	mu  sync.Mutex
	all []session.Event
}

func (s *seenEvents) Observe(_ context.Context, e *session.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, *e)
}

// take returns the events since the last call, each as "op outcome", with the cause of an
// end.
func (s *seenEvents) take() (texts []string) {
	for _, e := range s.events() {
		texts = append(texts, eventText(e))
	}
	return texts
}

func (s *seenEvents) events() []session.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

func eventText(e session.Event) string {
	text := e.Op.String() + " " + e.Outcome.String()
	if e.Cause != 0 {
		text += " " + e.Cause.String()
	}
	return text
}

// observed is an application with an observer, on a redis-server.
type observed struct {
	*site
	seen  *seenEvents
	shown *shownEvents
	redis *redis.Client
	store session.Store
	now   time.Duration // by how much the factory's clock is ahead
}

func newObserved(t *testing.T, format session.Format, change func(*session.Options)) *observed {
	t.Helper()
	srv := connecttest.RedisServer(t)
	w := &observed{seen: &seenEvents{}, shown: &shownEvents{redis: srv.Client(), keys: map[string]bool{}}, redis: srv.Client(), store: openStore(t, goredis.Connect, srv.URL())}
	w.site = &site{t, w.factory(format, change), srv}
	return w
}

// factory returns another factory with the same observer and store.
func (w *observed) factory(format session.Format, change func(*session.Options)) *session.Factory {
	o := &session.Options{Secret: testSecret, Format: format, Users: &session.UserOptions{}}
	log := slog.New(slog.NewTextHandler(&w.shown.text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Logger, o.Observer = log, session.Observers(w.seen, w.shown, session.LogTo(log, session.WithUserNames()))
	if change != nil {
		change(o)
	}
	f, err := session.NewFactory(w.store, o)
	if err != nil {
		panic(err)
	}
	session.SetClock(f, func() time.Time { return time.Now().Add(w.now) })
	return f
}

// change begins a visitor's session, or changes it.
func (w *observed) change(v *visitor.Visitor) {
	w.as(v, func(_ context.Context, s *session.Session) { s.Set("k", time.Now().String()) })
}

func (w *observed) read(v *visitor.Visitor) {
	w.as(v, func(_ context.Context, s *session.Session) { s.Get("k") })
}

// records returns the keys of the records, without those of the users' sets.
func (w *observed) records() (keys []string) {
	w.t.Helper()
	for _, key := range w.redis.Keys(w.t.Context(), "*").Val() {
		if w.redis.Type(w.t.Context(), key).Val() == "string" {
			keys = append(keys, key)
		}
	}
	return keys
}

// eventCase is what a visitor does, and the events that it is to make in each format.
type eventCase struct {
	name   string
	change func(*session.Options)
	do     func(t *testing.T, w *observed, v *visitor.Visitor)
	want   []string
	only   func(session.Format) bool // nil: all formats
}

func (c eventCase) test(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		if c.only != nil && !c.only(format) {
			continue
		}
		w := newObserved(t, format, c.change)
		c.do(t, w, visitor.New(t))
		w.shown.check(t)
		if got := w.seen.take(); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", format, got, c.want)
		}
	}
}

// TestEveryEvent provokes each event on a redis-server.
func TestEveryEvent(t *testing.T) {
	native := func(f session.Format) bool { return f == session.FormatNative }
	for _, c := range []eventCase{
		{
			name: "anonymous",
			do:   func(_ *testing.T, w *observed, v *visitor.Visitor) { w.read(v) },
			want: []string{"load anonymous", "save unchanged"},
		},
		{
			name: "not used",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				v.Get(w.f.Handler(http.NotFoundHandler()), "/")
			},
		},
		{
			name: "create, hit, save",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.read(v)
				w.change(v)
			},
			want: []string{"load anonymous", "create ok", "load hit", "save unchanged", "load hit", "save ok"},
		},
		{
			name: "miss",
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.redis.FlushDB(t.Context())
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "reject miss", "load miss", "save unchanged"},
		},
		{
			name:   "expired",
			change: func(o *session.Options) { o.AbsoluteTimeout = time.Hour },
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.now = 2 * time.Hour
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "reject expired", "load expired", "save unchanged"},
		},
		{
			name: "revoked by ValidSince",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.f = w.factory(session.OptionsOf(w.f).Format, func(o *session.Options) { o.ValidSince = time.Now().Add(time.Hour) })
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "end ok revoked", "reject expired", "load expired", "save unchanged"},
		},
		{
			name: "forged",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				v.SetCookie("session", "forged")
				w.read(v)
			},
			want: []string{"reject forged", "load forged", "save unchanged"},
		},
		{
			name: "old secret",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.f = w.factory(session.OptionsOf(w.f).Format, func(o *session.Options) {
					o.Secret, o.PreviousSecrets = "the next secret, of more than 32 bytes", []string{testSecret}
				})
				w.read(v)
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "load old_secret", "save unchanged", "load hit", "save unchanged"},
		},
		{
			name: "undecodable",
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.redis.Set(t.Context(), w.records()[0], "what is this", time.Hour)
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "reject undecodable", "load undecodable", "save unchanged"},
		},
		{
			name:   "undecodable, an error",
			change: func(o *session.Options) { o.FailOnUndecodable = true },
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.redis.Set(t.Context(), w.records()[0], "what is this", time.Hour)
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "load undecodable"},
		},
		{
			name: "crossed",
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				mine := w.records()[0]
				w.change(visitor.New(t))
				for _, key := range w.records() {
					if key != mine {
						w.redis.Rename(t.Context(), key, mine)
					}
				}
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "load anonymous", "create ok", "load crossed"},
			only: native, // a Pyramid record does not say whose it is
		},
		{
			name:   "too large",
			change: func(o *session.Options) { o.MaxRecordBytes = 1000 },
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(_ context.Context, s *session.Session) { s.Set("k", strings.Repeat("x", 1000)) })
				v.Forget()
				w.as(v, func(_ context.Context, s *session.Session) { s.Set("k", strings.Repeat("x", 1000)) })
			},
			want: []string{"load anonymous", "create ok", "load hit", "save too_large", "load anonymous", "create too_large"},
		},
		{
			name: "unavailable",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(_ context.Context, s *session.Session) {
					s.Set("k", "v")
					w.server.Kill()
				})
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "load hit", "save unavailable", "load unavailable"},
		},
		{
			name: "conflict that is merged",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(_ context.Context, s *session.Session) {
					s.Set("other", "v")
					w.change(v)
				})
			},
			want: []string{"load anonymous", "create ok", "load hit", "load hit", "save ok", "save ok"},
		},
		{
			name: "gone, in the middle of a request",
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(_ context.Context, s *session.Session) {
					s.Set("k", "v")
					w.redis.FlushDB(t.Context())
				})
			},
			want: []string{"load anonymous", "create ok", "load hit", "save gone"},
		},
		{
			name: "gone, renewed a moment ago",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				stopClock(w.f) // a moment is five seconds
				w.change(v)
				old := v.Cookie("session")
				w.as(v, func(ctx context.Context, s *session.Session) { _ = s.Renew(ctx) })
				v.SetCookie("session", old)
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "load hit", "renew ok", "save unchanged", "load gone", "save unchanged"},
			only: native, // a Pyramid format keeps no trace of a renewal
		},
		{
			name: "touch",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(ctx context.Context, s *session.Session) { _ = s.Touch(ctx) })
			},
			want: []string{"load anonymous", "create ok", "load hit", "touch ok", "save unchanged"},
		},
		{
			name: "touch of a session that has gone",
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(ctx context.Context, s *session.Session) {
					w.redis.FlushDB(t.Context())
					_ = s.Touch(ctx)
				})
			},
			want: []string{"load anonymous", "create ok", "load hit", "touch gone", "save unchanged"},
		},
		{
			name:   "touch when it is due",
			change: func(o *session.Options) { o.TouchAfter = time.Minute },
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.redis.Expire(t.Context(), w.records()[0], 10*time.Minute) // as if ten had passed
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "load hit", "save unchanged", "touch ok"},
		},
		{
			name: "login of a new session, and again",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				_ = w.login(v, "alice")
				_ = w.login(v, "alice")
			},
			want: []string{"load anonymous", "create ok", "login ok", "save unchanged", "load hit", "login ok", "save unchanged"},
		},
		{
			name: "login while the user's sessions are ended",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				ticket, _ := w.f.Ticket(context.Background(), "alice")
				_, _ = w.f.EndAll(context.Background(), "alice")
				_ = w.login(v, "alice", session.WithTicket(ticket))
			},
			want: []string{"load anonymous", "login gone"},
		},
		{
			name:   "evicted by the cap",
			change: func(o *session.Options) { o.Users = &session.UserOptions{Max: 1} },
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				_ = w.login(v, "alice")
				_ = w.login(visitor.New(t), "alice")
			},
			want: []string{"load anonymous", "create ok", "login ok", "save unchanged",
				"load anonymous", "end ok evicted", "create ok", "login ok", "save unchanged"},
		},
		{
			name:   "refused by the cap",
			change: func(o *session.Options) { o.Users = &session.UserOptions{Max: 1, WhenFull: session.Refuse} },
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				_ = w.login(v, "alice")
				_ = w.login(visitor.New(t), "alice")
			},
			want: []string{"load anonymous", "create ok", "login ok", "save unchanged", "load anonymous", "login full", "save unchanged"},
		},
		{
			name: "logout",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(ctx context.Context, s *session.Session) { _ = s.Invalidate(ctx) })
			},
			want: []string{"load anonymous", "create ok", "load hit", "end ok logout", "save unchanged"},
		},
		{
			name: "logout without a load, twice",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				old := v.Cookie("session")
				for range 2 {
					v.SetCookie("session", old)
					v.Get(w.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = w.f.Invalidate(r) })), "/")
				}
			},
			want: []string{"load anonymous", "create ok", "end ok logout", "save unchanged", "save unchanged"},
		},
		{
			name: "logout that fails",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(ctx context.Context, s *session.Session) {
					w.server.Kill()
					_ = s.Invalidate(ctx)
				})
			},
			want: []string{"load anonymous", "create ok", "load hit", "end unavailable logout"},
		},
		{
			name: "revoked, all of a user's and one by its handle",
			do: func(t *testing.T, w *observed, _ *visitor.Visitor) {
				for range 3 {
					_ = w.login(visitor.New(t), "alice")
				}
				w.seen.take()
				_ = w.f.End(context.Background(), "alice", w.sessions("alice")[0].Handle)
				_, _ = w.f.EndAll(context.Background(), "alice")
			},
			want: []string{"end ok revoked", "end ok revoked", "end ok revoked"},
		},
		{
			name: "revocation that fails",
			do: func(_ *testing.T, w *observed, _ *visitor.Visitor) {
				w.server.Kill()
				_, _ = w.f.EndAll(context.Background(), "alice")
			},
			want: []string{"end unavailable revoked"},
		},
		{
			name:   "emptied",
			change: func(o *session.Options) { o.InvalidateEmpty = true },
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(_ context.Context, s *session.Session) { s.Delete("k") })
			},
			want: []string{"load anonymous", "create ok", "load hit", "end ok emptied", "save ok"},
		},
		{
			name:   "taken back",
			change: func(o *session.Options) { o.Cookie.SkipOnPanic = true },
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				defer func() { _ = recover() }()
				w.as(v, func(ctx context.Context, s *session.Session) {
					_, _ = s.CSRFToken(ctx)
					panic("a mistake of the application's")
				})
			},
			want: []string{"load anonymous", "create ok", "end ok taken_back"},
		},
		{
			name:   "a cookie that the hook refuses",
			change: func(o *session.Options) { o.AllowCookie = func(http.Header) bool { return false } },
			do:     func(_ *testing.T, w *observed, v *visitor.Visitor) { w.change(v) },
			want:   []string{"load anonymous", "create refused"},
		},
		{
			name: "a status page, which is a load too",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				v.Get(w.f.StatusHandler(), "/")
			},
			want: []string{"load anonymous", "create ok", "load hit"},
		},
	} {
		t.Run(c.name, c.test)
	}
}

// TestEventFields: what an event tells beside its outcome.
func TestEventFields(t *testing.T) {
	w := newObserved(t, session.FormatNative, func(o *session.Options) { o.Cookie.Name = "shop" })
	v := visitor.New(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /basket/{id}", func(_ http.ResponseWriter, r *http.Request) {
		s, err := w.f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("a", "b")
		w.as(v, func(_ context.Context, other *session.Session) { other.Set("c", "d") })
	})
	w.change(v)
	w.seen.events()
	v.Get(w.f.Handler(mux), "/basket/7")
	all := w.seen.events()
	last := all[len(all)-1]
	if last.Op != session.OpSave || last.Tries != 2 || last.Factory != "shop" || last.Duration <= 0 || last.Err != nil {
		t.Errorf("the save after a conflict: %+v", last)
	}
	if p := last.Request().Pattern; p != "GET /basket/{id}" {
		t.Errorf("its route is %q", p)
	}
	if size := w.redis.StrLen(t.Context(), w.records()[0]).Val(); last.Bytes != int(size) {
		t.Errorf("its size is %d, and the record's %d", last.Bytes, size)
	}
	if first := all[0]; first.Op != session.OpLoad || first.Bytes == 0 || first.Request().Pattern != "GET /basket/{id}" {
		t.Errorf("the load: %+v", first)
	}
	for n := range 2 {
		_ = w.login(visitor.New(t), "alice")
		for _, e := range w.seen.events() {
			if e.Op == session.OpLogin && (e.Sessions != n+1 || e.Tries != 1) {
				t.Errorf("login %d: %d sessions, %d tries", n+1, e.Sessions, e.Tries)
			}
		}
	}
	w.as(v, func(context.Context, *session.Session) {})
	if unused := w.seen.events()[1]; unused.Outcome != session.OutcomeUnchanged || !unused.Unused {
		t.Errorf("a session that was loaded only: %+v", unused)
	}
	w.read(v)
	if used := w.seen.events()[1]; used.Outcome != session.OutcomeUnchanged || used.Unused {
		t.Errorf("a session that was read: %+v", used)
	}
}

// panicking is an observer with a mistake.
type panicking struct{}

func (panicking) Observe(context.Context, *session.Event) { panic(errors.New("a mistake")) }

func (panicking) Start(context.Context, session.Op) context.Context { panic("another") }

// TestObserverThatPanics: the session is saved, the page is sent, the other observers are
// told, and the log has the panic.
func TestObserverThatPanics(t *testing.T) {
	log := &everything{}
	seen := &seenEvents{}
	f := newTestFactory(t, newMemStore(), func(o *session.Options) {
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
		o.Observer = session.Observers(panicking{}, nil, session.Observers(seen))
	})
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("k", "v") })
	v.visit(func(s *session.Session) {
		if got, _ := session.Value[string](s, "k"); got != "v" {
			t.Errorf("k is %q", got)
		}
	})
	want := []string{"load anonymous", "create ok", "load hit", "save unchanged"}
	if got := seen.take(); !slices.Equal(got, want) {
		t.Errorf("the other observer was told %q", got)
	}
	if got := log.text.String(); !strings.Contains(got, "an observer panicked") || !strings.Contains(got, "observer_test.go") {
		t.Errorf("the log: %s", got)
	}
}

// TestOperationThatPanics: an operation that has begun is also ended for the observer when
// the application's own code panics in it.
func TestOperationThatPanics(t *testing.T) {
	seen, begun := &seenEvents{}, &counting{}
	f := newTestFactory(t, newMemStore(), func(o *session.Options) {
		discardLog(o)
		o.Observer = session.Observers(seen, begun)
	})
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("k", 0) })
	seen.take()
	begun.started = 0
	func() {
		defer func() { _ = recover() }()
		v.visit(func(s *session.Session) {
			runs := 0
			s.Modify("k", func(any) any {
				if runs++; runs > 1 {
					panic("a mistake of the application's")
				}
				return runs
			})
			v.visit(func(other *session.Session) { other.Set("k", "meanwhile") })
		})
	}()
	if got, want := seen.take(), []string{"load hit", "load hit", "save ok", "save failed"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if begun.started != 4 {
		t.Errorf("%d operations were begun", begun.started)
	}
}

// TestObserversOfNothing: without an observer among them there is none.
func TestObserversOfNothing(t *testing.T) {
	if o := session.Observers(nil, session.Observers()); o != nil {
		t.Errorf("%v", o)
	}
}

// counting is an observer and tracer that does next to nothing.
type counting struct{ events, started int }

func (c *counting) Observe(context.Context, *session.Event) { c.events++ }
func (c *counting) Start(ctx context.Context, _ session.Op) context.Context {
	c.started++
	return ctx
}

// observedCosts are the fewest allocations that a request made, without and with an
// observer. The fewest of many, because the race detector empties a sync.Pool at random.
func observedCosts(t testing.TB, format session.Format, use func(s *session.Session)) (without, with float64, events int) {
	count := &counting{}
	cost := func(o session.Observer) float64 {
		f := newTestFactory(t, newMemStore(), edits(ofFormat(format), func(opts *session.Options) { opts.Observer = o }))
		v := newVisitor(t, f)
		v.visit(func(s *session.Session) { s.Set("n", 0) })
		r := v.request()
		store := session.StoreOf(f).(*memStore)
		fewest := math.Inf(1)
		for range 200 {
			fewest = min(fewest, testing.AllocsPerRun(1, func() {
				store.calls = store.calls[:0]
				s, err := f.Get(r)
				if err != nil {
					t.Fatal(err)
				}
				use(s)
				if err := f.Save(discardWriter{}, r, s); err != nil {
					t.Fatal(err)
				}
			}))
		}
		return fewest
	}
	return cost(nil), cost(count), count.events
}

// discardWriter is a response that nobody reads.
type discardWriter struct{}

func (discardWriter) Header() http.Header         { return http.Header{} }
func (discardWriter) Write(b []byte) (int, error) { return len(b), nil }
func (discardWriter) WriteHeader(int)             {}

// TestObserverCostsNoAllocation: neither without one nor with one.
func TestObserverCostsNoAllocation(t *testing.T) {
	n := 0
	for name, use := range map[string]func(s *session.Session){
		"read":  func(s *session.Session) { s.Get("n") },
		"write": func(s *session.Session) { n = 1 - n; s.Set("n", n) },
	} {
		for _, format := range formats {
			without, with, events := observedCosts(t, format, use)
			if with > without || events == 0 {
				t.Errorf("%s, %s: %v allocations without an observer, %v with one, which was told of %d events", name, format, without, with, events)
			}
		}
	}
}

func BenchmarkObserver(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("observed=%v", with), func(b *testing.B) {
			f := newTestFactory(b, newMemStore(), func(o *session.Options) {
				if with {
					o.Observer = &counting{}
				}
			})
			v := newVisitor(b, f)
			v.visit(func(s *session.Session) { s.Set("n", 0) })
			r := v.request()
			b.ReportAllocs()
			for b.Loop() {
				s, err := f.Get(r)
				if err != nil {
					b.Fatal(err)
				}
				if err := f.Save(discardWriter{}, r, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
