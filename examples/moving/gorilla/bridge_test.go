package gorilla

import (
	"encoding/gob"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/boj/redistore/v2"
	"github.com/gorilla/sessions"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/redis/go-redis/v9"
)

type cart struct{ Items []string }

func init() { gob.Register(cart{}) } // as the old application has done

const oldCookie, oldPrefix = "visitor", "session_"

func bridge(old sessions.Store) Bridge { return Bridge{Old: old, Name: oldCookie} }

// oldVisitor returns a visitor who has logged in to the application as it was.
func oldVisitor(t *testing.T) (*miniredis.Miniredis, sessions.Store, *visitor.Visitor) {
	t.Helper()
	server := miniredis.RunT(t)
	old, err := redistore.NewStore(redistore.KeysFromStrings("a key of the old application, 32+"), redistore.WithAddress("tcp", server.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = old.Close() })
	v := visitor.New(t)
	v.Get(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := old.Get(r, oldCookie)
		s.Values["user"], s.Values["cart"], s.Values[7] = "ada", cart{[]string{"tea"}}, "no text"
		s.AddFlash("welcome")
		if err := s.Save(r, w); err != nil {
			t.Error(err)
		}
	}), "/")
	if v.Cookie(oldCookie) == "" {
		t.Fatal("the old application has set no cookie")
	}
	return server, old, v
}

// newSessions returns the application's new sessions, in the same Redis.
func newSessions(t *testing.T, server *miniredis.Miniredis) *session.Factory {
	t.Helper()
	f, err := session.NewFactory(goredis.New(redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})), &session.Options{
		Secret: "a secret for tests, of more than 32 bytes",
		Cookie: session.CookieOptions{Name: "session2"},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// page shows the user and the cart, and logs out at /logout.
func page(b Bridge) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return
		}
		if r.URL.Path == "/logout" {
			if b.End(w, r) {
				_ = s.Invalidate(r.Context())
			}
			return
		}
		user, _ := session.Value[string](s, "user")
		c, _ := session.Value[cart](s, "cart")
		fmt.Fprintf(w, "%s%v%v", user, c.Items, s.PopFlash(""))
	})
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A visitor who was logged in before still is: with two tabs at once, later, and when
// the answer of the first request was lost. The old session ends.
func TestNobodyIsLoggedOut(t *testing.T) {
	t.Parallel()
	server, old, v := oldVisitor(t)
	b := bridge(old)
	app := newSessions(t, server).Handler(b.Handler(page(b)))
	if got := body(t, visitor.New(t).Get(app, "/")); got != "[][]" {
		t.Errorf("a stranger sees %s", got)
	}
	lost := httptest.NewRequest("GET", "/", nil)
	lost.AddCookie(&http.Cookie{Name: oldCookie, Value: v.Cookie(oldCookie)})
	app.ServeHTTP(httptest.NewRecorder(), lost)
	for i := range 3 {
		if got, want := body(t, v.Get(app, "/")), []string{"ada[tea][welcome]", "ada[tea][]", "ada[tea][]"}[i]; got != want {
			t.Errorf("request %d sees %s, want %s", i+1, got, want)
		}
	}
	if v.Cookie(oldCookie) != "" || v.Cookie("session2") == "" {
		t.Error("the old cookie is still there, or the new one is not")
	}
	for _, key := range server.Keys() {
		if strings.HasPrefix(key, oldPrefix) {
			t.Errorf("the old record %s is still there", key)
		}
	}
}

// After a logout, also one that is the first request, neither cookie opens anything.
func TestLogoutEndsBoth(t *testing.T) {
	t.Parallel()
	for before := range 3 {
		server, old, v := oldVisitor(t)
		b := bridge(old)
		app := newSessions(t, server).Handler(b.Handler(page(b)))
		stolen := v.Cookie(oldCookie)
		for range before {
			v.Get(app, "/")
		}
		v.Get(app, "/logout")
		if got := body(t, v.Get(app, "/")); got != "[][]" {
			t.Errorf("after %d requests and the logout the visitor sees %s", before, got)
		}
		thief := visitor.New(t)
		thief.SetCookie(oldCookie, stolen)
		if got := body(t, thief.Get(app, "/")); got != "[][]" {
			t.Errorf("after %d requests and the logout the old cookie opens %s", before, got)
		}
	}
}

// While Redis is down the visitor gets an error, and is logged in afterwards.
func TestRedisDown(t *testing.T) {
	t.Parallel()
	server, old, v := oldVisitor(t)
	b := bridge(old)
	app := newSessions(t, server).Handler(b.Handler(page(b)))
	server.SetError("LOADING the server is starting")
	for _, path := range []string{"/", "/logout"} {
		if resp := v.Get(app, path); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
	server.SetError("")
	if got := body(t, v.Get(app, "/")); got != "ada[tea][welcome]" {
		t.Errorf("afterwards the visitor sees %s", got)
	}
}
