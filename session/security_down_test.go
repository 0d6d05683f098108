package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// hole accepts connections and never answers, as a host behind a firewall that
// drops packets does.
func hole(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// TestRedisDown asks an application whose Redis is gone, in each of the ways in
// which it can be, for a page. It is answered at all, which with a black hole is
// the point; it is never the page of a visitor without a session, unless the
// operator chose that.
func TestRedisDown(t *testing.T) {
	redis := connecttest.Miniredis(t)
	const text = "a visitor's page"
	page := func(sessions *session.Factory, write bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s, err := sessions.Get(r)
			if err == nil && write {
				s.Set("k", "v")
			}
			_, _ = io.WriteString(w, text)
		}
	}
	start := func(addr, down string, seconds float64, log io.Writer) *session.Factory {
		sessions, err := factory.FromSettings(settings.Map{
			"redis.sessions.secret":                 testSecret,
			"redis.sessions.url":                    "redis://" + addr,
			"redis.sessions.lazy_connect":           true,
			"redis.sessions.socket_timeout":         seconds,
			"redis.sessions.socket_connect_timeout": seconds,
			"redis.sessions.on_redis_down":          down,
		}, factory.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sessions.Close() })
		return sessions
	}
	serve := func(sessions *session.Factory, write bool, cookies ...*http.Cookie) *http.Response {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		sessions.Handler(page(sessions, write)).ServeHTTP(w, r)
		return w.Result()
	}
	cookie := serve(start(redis.Addr(), "error", 30, io.Discard), true).Cookies()[0]

	for _, where := range []struct{ name, addr string }{
		{"a black hole", hole(t)}, {"nobody listens", connecttest.ClosedAddr(t)},
	} {
		for _, test := range []struct {
			name   string
			down   string
			write  bool
			known  bool
			status int
			log    string
		}{
			{"a load fails", "error", false, true, 503, "the page was not sent"},
			{"a save fails", "error", true, false, 503, "the page was not sent"},
			{"nothing is asked of Redis", "error", false, false, 200, ""},
			{"anonymous was chosen", "anonymous", false, true, 200, "without its session"},
			{"anonymous was chosen, but there is something to save", "anonymous", true, true, 503, "the page was not sent"},
		} {
			t.Run(where.name+"/"+test.name, func(t *testing.T) {
				var log bytes.Buffer
				sessions := start(where.addr, test.down, 0.2, &log)
				var cookies []*http.Cookie
				if test.known {
					cookies = append(cookies, cookie)
				}
				resp := serve(sessions, test.write, cookies...)
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != test.status || (string(body) == text) != (test.status == 200) {
					t.Errorf("status %d, body %q; want %d", resp.StatusCode, body, test.status)
				}
				if len(resp.Cookies()) > 0 {
					t.Errorf("cookies %v: the visitor's must stay as it is", resp.Cookies())
				}
				if strings.Contains(string(body), where.addr) {
					t.Error("the visitor is told where Redis is")
				}
				if got := log.String(); !strings.Contains(got, test.log) || (test.log == "") != (got == "") {
					t.Errorf("log: %s\nwant %q", got, test.log)
				}
			})
		}
	}
}

// Without a Handler it is Get that says so.
func TestRedisDownWithoutHandler(t *testing.T) {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret":         testSecret,
		"redis.sessions.url":            "redis://" + hole(t),
		"redis.sessions.lazy_connect":   true,
		"redis.sessions.socket_timeout": 0.2,
	}, factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sessions.Close() }()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	s, err := sessions.Get(r)
	if err != nil {
		t.Fatal(err)
	}
	s.Set("k", "v")
	if err := sessions.Save(httptest.NewRecorder(), r, s); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Save: %v, want ErrUnavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sessions.Save(httptest.NewRecorder(), r.WithContext(ctx), s); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Save for a client that hung up: %v, want ErrUnavailable", err)
	}
}
