package factory_test

import (
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9/logging"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

const secret = "a secret for tests, of more than 32 bytes"

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every dial that fails, as some here are meant to
	os.Exit(m.Run())
}

// site is an application that was made from settings, and one visitor of it.
type site struct {
	t        testing.TB
	redis    *miniredis.Miniredis
	sessions *session.Factory
	visitor  *visitor.Visitor
	tls      bool
}

// newSite makes a site on a miniredis from settings without their prefix.
func newSite(t testing.TB, keys settings.Map, opts ...factory.Option) *site {
	t.Helper()
	s := &site{t: t, redis: connecttest.Miniredis(t), visitor: visitor.New(t)}
	s.sessions = s.start(keys, opts...)
	return s
}

// newSiteElsewhere makes a site on the Redis that the settings name.
func newSiteElsewhere(t testing.TB, keys settings.Map, opts ...factory.Option) *site {
	t.Helper()
	s := &site{t: t, visitor: visitor.New(t)}
	s.sessions = s.start(keys, opts...)
	return s
}

// start makes another factory, on the same Redis unless the settings say
// otherwise.
func (s *site) start(keys settings.Map, opts ...factory.Option) *session.Factory {
	s.t.Helper()
	src := settings.Map{"redis.sessions.secret": secret}
	if s.redis != nil {
		src["redis.sessions.url"] = "redis://" + s.redis.Addr()
	}
	src = with(src, keys)
	quiet := factory.WithLogger(slog.New(slog.DiscardHandler))
	f, err := factory.FromSettings(src, append([]factory.Option{quiet}, opts...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { f.Close() })
	return f
}

// with adds keys without their prefix; a nil value takes a key away.
func with(src, keys settings.Map) settings.Map {
	src = maps.Clone(src)
	for k, v := range keys {
		if v == nil {
			delete(src, "redis.sessions."+k)
		} else {
			src["redis.sessions."+k] = v
		}
	}
	return src
}

// serve makes one request of the visitor.
func (s *site) serve(handler http.HandlerFunc) *http.Response {
	s.t.Helper()
	target := "/"
	if s.tls {
		target = "https://example.com/"
	}
	return s.visitor.Get(s.sessions.Handler(handler), target)
}

// visit makes one request that uses its session, and expects it to succeed.
func (s *site) visit(use func(*session.Session)) *http.Response {
	s.t.Helper()
	resp := s.serve(func(_ http.ResponseWriter, r *http.Request) {
		se, err := s.sessions.Get(r)
		if err != nil {
			s.t.Error(err)
			return
		}
		use(se)
	})
	if resp.StatusCode != http.StatusOK {
		s.t.Errorf("status %d", resp.StatusCode)
	}
	return resp
}

// write is a request that changes its session.
func (s *site) write() *http.Response {
	s.t.Helper()
	return s.visit(func(se *session.Session) {
		session.Modify(se, "n", func(n int) int { return n + 1 })
	})
}

// count returns what write has counted to, as a new request sees it.
func (s *site) count() (n int) {
	s.t.Helper()
	s.visit(func(se *session.Session) { n, _ = session.Value[int](se, "n") })
	return n
}

// setCookie returns the one Set-Cookie line of a response, or "".
func (s *site) setCookie(resp *http.Response) string {
	s.t.Helper()
	lines := resp.Header["Set-Cookie"]
	if len(lines) > 1 {
		s.t.Errorf("%d Set-Cookie lines", len(lines))
	}
	return strings.Join(lines, "\n")
}

// key returns the one key in Redis.
func (s *site) key() string {
	s.t.Helper()
	keys := s.redis.Keys()
	if len(keys) != 1 {
		s.t.Fatalf("%d keys in Redis, want 1", len(keys))
	}
	return keys[0]
}
