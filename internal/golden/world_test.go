package golden_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	redigolib "github.com/gomodule/redigo/redis"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// world is a site with one visitor, and its Redis, at a time that the test sets.
type world struct {
	t        testing.TB
	now      time.Time
	redis    *miniredis.Miniredis
	browser  *visitor.Visitor
	sessions *session.Factory
	index    session.UserIndex

	first string // the session's cookie as it was set first
	after func() // what is done once the last request is answered; nil for nothing
}

// connectors open a store over a server.
var connectors = map[string]func(t testing.TB, addr string) session.Store{
	"goredis": func(t testing.TB, addr string) session.Store {
		client := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true})
		t.Cleanup(func() { _ = client.Close() })
		return goredis.New(client)
	},
	"redigo": func(t testing.TB, addr string) session.Store {
		pool := &redigolib.Pool{MaxIdle: 1, DialContext: func(ctx context.Context) (redigolib.Conn, error) {
			return redigolib.DialContext(ctx, "tcp", addr)
		}}
		t.Cleanup(func() { _ = pool.Close() })
		return redigo.New(pool)
	},
}

// everything is what the stores of both connectors are.
type everything interface {
	session.Store
	session.TTLLoader
	session.TTLKeeper
	session.GuardedExpirer
	session.Pinger
	session.UserIndex
	session.EntryStore
	session.BatchStore
	session.KeyScanner
}

// clockedStore is a store whose clock is the world's.
type clockedStore struct {
	everything
	w *world
}

var _ session.Clock = clockedStore{}

func (c clockedStore) Now() time.Time                                 { return c.w.now }
func (clockedStore) Pause(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// newWorld returns a world at a time. newID makes the IDs of a session that is to be
// recorded; nil is for a reader.
func newWorld(t testing.TB, connector string, at time.Time, s *stored, newID func() (string, error)) *world {
	t.Helper()
	w := &world{t: t, now: at, redis: connecttest.Miniredis(t), browser: visitor.New(t)}
	w.redis.SetTime(at)
	store := clockedStore{connectors[connector](t, w.redis.Addr()).(everything), w}

	w.index = store

	src := settings.Map{}
	for name, value := range s.Settings {
		src["redis.sessions."+name] = value
	}
	registry := factory.NewRegistry()
	registry.Encode("own", func(v any) ([]byte, error) { return encode.JSON.Encode(v) })
	registry.Decode("own", func(data []byte, v any) error { return encode.JSON.Decode(data, v) })
	parts, err := factory.Resolve(src, factory.WithRegistry(registry), factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	o := parts.Session
	o.NewID, o.Logger = newID, slog.New(slog.DiscardHandler)
	if s.Unnamed {
		o.CodecName = ""
	}
	if o.Users != nil {
		o.Users.Describe = func(r *http.Request) string { return r.UserAgent() }
	}
	if w.sessions, err = session.NewFactory(store, &o); err != nil {
		t.Fatal(err)
	}
	return w
}

// visit makes a request whose handler uses its session.
func (w *world) visit(use func(ctx context.Context, s *session.Session)) *http.Response {
	w.t.Helper()
	return w.send(request(), func(_ http.ResponseWriter, r *http.Request) {
		s, err := w.sessions.Get(r)
		if err != nil {
			w.t.Errorf("the session is not loaded: %v", err)
			return
		}
		use(r.Context(), s)
	})
}

func (w *world) send(r *http.Request, page http.HandlerFunc) *http.Response {
	r.Header.Set("User-Agent", "a browser")
	resp := w.browser.Do(w.sessions.Handler(page), r)
	if w.first == "" {
		w.first = w.browser.Cookie("session")
	}
	return resp
}

func request() *http.Request { return httptest.NewRequest(http.MethodGet, "https://example.com/", nil) }

// pass lets time pass, for the site and for Redis.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.redis.SetTime(w.now)
	w.redis.FastForward(d)
}
