package connect_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// visit asks a site over store that chose to go on without sessions when Redis is
// down for a page, as a visitor whose session refuse has made unreachable. It
// returns the answer and the log.
func visit(t *testing.T, store session.Store, format session.Format, refuse func(key string)) (*http.Response, string) {
	t.Helper()
	var log bytes.Buffer
	keys := &keyed{Store: store}
	sessions, err := session.NewFactory(keys, &session.Options{
		Secret: "a secret for tests, of more than 32 bytes", SessionFormat: format, AnonymousWhenDown: true,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, err := sessions.Get(r); err == nil && r.Method == http.MethodPost {
			s.Set("user", "ann")
		}
		_, _ = io.WriteString(w, "welcome, stranger")
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	refuse(keys.created)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), log.String()
}

// keyed remembers the key of the record that was created last.
type keyed struct {
	session.Store

	created string
}

func (k *keyed) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	k.created = key
	return k.Store.Create(ctx, key, record, ttl)
}

var sessionFormats = []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis}

// checkRefused checks that a visitor got an error, and the log the reason.
func checkRefused(t *testing.T, resp *http.Response, log, reason string) {
	t.Helper()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "stranger") || strings.Contains(string(body), reason) {
		t.Errorf("status %d, body %q; want 500", resp.StatusCode, body)
	}
	if strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, reason) {
		t.Errorf("log: %s\nwant one line at ERROR with %s", log, reason)
	}
}

// TestRefusedIsNotDown: a server that refuses is not down. With on_redis_down =
// anonymous a visitor who is logged in gets an error, not a stranger's page.
func TestRefusedIsNotDown(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		for _, format := range sessionFormats {
			srv := connecttest.RedisServer(t)
			do := func(args ...any) {
				if err := srv.Client().Do(t.Context(), args...).Err(); err != nil {
					t.Error(err)
				}
			}
			do("acl", "setuser", "web", "on", ">pw", "~*", "+@all")
			url := "redis://web:pw@" + srv.Addr()

			store := open(t, f, connect.Options{URL: url})
			resp, log := visit(t, store, format, func(key string) { do("del", key); do("lpush", key, "x") })
			checkRefused(t, resp, log, "WRONGTYPE")

			store = open(t, f, connect.Options{URL: url})
			resp, log = visit(t, store, format, func(string) { do("acl", "setuser", "web", "-getex", "-get") })
			checkRefused(t, resp, log, "NOPERM")
			for op, err := range map[string]error{
				"Load":   loadErr(t, store),
				"Create": refusedCreate(t, store, do),
			} {
				if !errors.Is(err, session.ErrRefused) || errors.Is(err, session.ErrUnavailable) {
					t.Errorf("%s: %v, want ErrRefused", op, err)
				}
			}

			do("acl", "setuser", "web", "+@all")
			store = open(t, f, connect.Options{URL: url})
			resp, log = visit(t, store, format, func(string) {
				do("acl", "setuser", "web", "resetpass", ">another")
				do("client", "kill", "user", "web") // the next connection has the old password
			})
			checkRefused(t, resp, log, "WRONGPASS")
		}
	})
}

func loadErr(t *testing.T, store session.Store) error {
	_, err := store.Load(t.Context(), "k", time.Hour)
	return err
}

func refusedCreate(t *testing.T, store session.Store, do func(args ...any)) error {
	do("acl", "setuser", "web", "-set")
	return store.Create(t.Context(), "k", []byte("record"), time.Hour)
}

// A server that is gone is down: then the operator's choice holds.
func TestDownIsNotRefused(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		m := connecttest.Miniredis(t)
		store := open(t, f, connect.Options{URL: "redis://" + m.Addr(), SocketTimeout: socketTimeout})
		resp, log := visit(t, store, session.FormatNative, func(string) { m.Close() })
		if resp.StatusCode != http.StatusOK || !strings.Contains(log, "level=WARN") {
			t.Errorf("status %d, log: %s", resp.StatusCode, log)
		}
		if _, err := store.Load(t.Context(), "k", 0); errors.Is(err, session.ErrRefused) {
			t.Errorf("a server that is gone has refused: %v", err)
		}
	})
}
