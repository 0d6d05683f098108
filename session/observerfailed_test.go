package session_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// shownEvents is an observer that prints events, beside what the log has of them, and notes the
// keys of the server meanwhile: in the Pyramid formats they are the sessions' IDs.
type shownEvents struct {
	text  everything
	redis *redis.Client
	mu    sync.Mutex
	down  bool // the server does not answer any more
	keys  map[string]bool
}

func (s *shownEvents) Observe(ctx context.Context, e *session.Event) {
	fmt.Fprintf(&s.text, "%+v %v %v\n", *e, e.Err, ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down = s.down || e.Outcome == session.OutcomeUnavailable; s.down {
		return
	}
	for _, key := range s.redis.Keys(context.Background(), "*").Val() {
		s.keys[strings.TrimPrefix(key, "session:")] = true
	}
}

// check searches what was shown for the keys.
func (s *shownEvents) check(t *testing.T) {
	t.Helper()
	text := s.text.text.String()
	for key := range s.keys {
		if strings.Contains(text, key) || strings.Contains(text, fmt.Sprintf("%x", key)) {
			t.Errorf("the key %q is shown", key)
		}
	}
}

// spoil puts a list in the place of a record, which the server refuses to read or write.
func (w *observed) spoil() {
	w.t.Helper()
	for _, key := range w.records() {
		w.redis.Del(w.t.Context(), key)
		w.redis.LPush(w.t.Context(), key, "another program's")
	}
}

// TestEveryFailedEvent provokes on a redis-server the events that TestEveryEvent has not: those of
// operations that fail, and of sessions that end together. TestTriesRunOut has the conflicts that
// do not end, and dbsc's TestEvents those of bound sessions.
func TestEveryFailedEvent(t *testing.T) {
	down := func(use func(ctx context.Context, s *session.Session) error) func(*testing.T, *observed, *visitor.Visitor) {
		return func(_ *testing.T, w *observed, v *visitor.Visitor) {
			w.change(v)
			w.as(v, func(ctx context.Context, s *session.Session) {
				w.server.Kill()
				_ = use(ctx, s)
			})
		}
	}
	ended := func(use func(ctx context.Context, s *session.Session) error) func(*testing.T, *observed, *visitor.Visitor) {
		return func(t *testing.T, w *observed, v *visitor.Visitor) {
			w.change(v)
			w.as(v, func(ctx context.Context, s *session.Session) {
				w.redis.FlushDB(t.Context())
				_ = use(ctx, s)
			})
		}
	}
	login := func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "alice") }
	renew := func(ctx context.Context, s *session.Session) error { return s.Renew(ctx) }
	touch := func(ctx context.Context, s *session.Session) error { return s.Touch(ctx) }
	native := func(f session.Format) bool { return f == session.FormatNative }
	began := []string{"load anonymous", "create ok", "load hit"}
	for _, c := range []eventCase{
		{
			name: "a client that does not wait",
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				v.Do(w.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = w.f.Get(r) })),
					httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
			},
			want: []string{"load anonymous", "create ok", "load canceled"},
		},
		{
			name: "load refused",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.spoil()
				w.read(v)
			},
			want: []string{"load anonymous", "create ok", "load refused"},
		},
		{
			name: "save refused",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.as(v, func(_ context.Context, s *session.Session) {
					s.Set("k", "v")
					w.spoil()
				})
			},
			want: append(slices.Clone(began), "save refused"),
		},
		{
			name: "create unavailable",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.as(v, func(_ context.Context, s *session.Session) {
					s.Set("k", "v")
					w.server.Kill()
				})
			},
			want: []string{"load anonymous", "create unavailable"},
		},
		{name: "touch unavailable", do: down(touch), want: append(slices.Clone(began), "touch unavailable", "save unchanged")},
		{name: "renew unavailable", do: down(renew), want: append(slices.Clone(began), "renew unavailable")},
		{name: "login unavailable", do: down(login), want: append(slices.Clone(began), "login unavailable")},
		// The Pyramid formats cannot tell an end from a renewal: both begin a new session there.
		{name: "renew of a session that has gone", do: ended(renew), want: append(slices.Clone(began), "renew gone"), only: native},
		{name: "login in a session that has gone", do: ended(login), want: append(slices.Clone(began), "login gone"), only: native},
		{
			name:   "the note of a cookie that is sent again, overtaken by a change",
			change: func(o *session.Options) { o.Cookie.MaxAge = time.Hour },
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.now = 10 * time.Minute
				w.as(v, func(_ context.Context, s *session.Session) {
					s.Get("k")
					w.change(v)
				})
			},
			want: []string{"load anonymous", "create ok", "load hit", "load hit", "save ok", "save unchanged", "touch conflict"},
			only: native, // no other has the cookie's time in its record
		},
		{
			name: "the sessions with a label, and the others of a user",
			do: func(t *testing.T, w *observed, v *visitor.Visitor) {
				_ = w.login(visitor.New(t), "alice", session.WithLabel("tenant", "7"))
				_ = w.login(visitor.New(t), "alice")
				_ = w.login(v, "alice")
				w.seen.take()
				_, _ = w.f.EndLabel(context.Background(), "tenant", "7")
				w.as(v, func(ctx context.Context, s *session.Session) { _, _ = s.EndOthers(ctx) })
			},
			want: []string{"end ok revoked", "load hit", "end ok revoked", "save unchanged"},
		},
		{
			name: "the end of a label that fails",
			do: func(_ *testing.T, w *observed, _ *visitor.Visitor) {
				w.server.Kill()
				_, _ = w.f.EndLabel(context.Background(), "tenant", "7")
			},
			want: []string{"end unavailable revoked"},
		},
		{
			name: "the end of the others that fails",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				_ = w.login(v, "alice")
				w.seen.take()
				w.as(v, func(ctx context.Context, s *session.Session) {
					w.server.Kill()
					_, _ = s.EndOthers(ctx)
				})
			},
			want: []string{"load hit", "end unavailable revoked", "save unchanged"},
		},
		{
			name: "a logout without a load that fails",
			do: func(_ *testing.T, w *observed, v *visitor.Visitor) {
				w.change(v)
				w.server.Kill()
				v.Get(w.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = w.f.Invalidate(r) })), "/")
			},
			want: []string{"load anonymous", "create ok", "end unavailable logout"},
		},
	} {
		t.Run(c.name, c.test)
	}
}
