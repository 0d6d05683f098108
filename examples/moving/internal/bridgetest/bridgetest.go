// Package bridgetest tests the bridges from old session libraries, which must all do the same.
package bridgetest

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
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/redis/go-redis/v9"
)

// Cart is a type of the application's.
type Cart struct{ Items []string }

func init() { gob.Register(Cart{}) } // as the old application has done

// Bridge is what the bridges have in common.
type Bridge interface {
	Handler(next http.Handler) http.Handler
	End(w http.ResponseWriter, r *http.Request) bool
}

// Application is the application as it was, with the old library.
type Application struct {
	Cookie, Prefix string // of its sessions: the cookie's name, and what their keys begin with
	Flashes        string // what the page shows of the old session's messages
	// Open returns the bridge from its sessions in that Redis, and a handler that logs a visitor
	// in as the user ada with tea in her Cart.
	Open func(t *testing.T, redisAddr string) (b Bridge, login http.Handler)
	// WithUser returns the bridge with its function that finds the user of an old session.
	WithUser func(b Bridge) Bridge
}

// visitor returns a visitor who has logged in to the application as it was.
func (a Application) visitor(t *testing.T) (*miniredis.Miniredis, Bridge, *visitor.Visitor) {
	t.Helper()
	server := miniredis.RunT(t)
	b, login := a.Open(t, server.Addr())
	v := visitor.New(t)
	v.Get(login, "/").Body.Close()
	if v.Cookie(a.Cookie) == "" {
		t.Fatal("the old application has set no cookie")
	}
	return server, b, v
}

// NewSessions returns the application's new sessions, in the same Redis.
func NewSessions(t *testing.T, redisAddr string) *session.Factory {
	t.Helper()
	return newSessions(t, redisAddr, session.UserOptions{})
}

func newSessions(t *testing.T, redisAddr string, users session.UserOptions) *session.Factory {
	t.Helper()
	f, err := session.NewFactory(goredis.New(redis.NewClient(&redis.Options{Addr: redisAddr, MaxRetries: -1})), &session.Options{
		Secret: "a secret for tests, of more than 32 bytes",
		Users:  &users,
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
		c, _ := session.Value[Cart](s, "cart")
		fmt.Fprintf(w, "%s%v%v", user, c.Items, s.PopFlash(""))
	})
}

// get returns what the page shows the visitor.
func get(t *testing.T, v *visitor.Visitor, app http.Handler) string {
	t.Helper()
	_, text := visit(t, v, app, "/")
	return text
}

// visit returns the status and the text of a response.
func visit(t *testing.T, v *visitor.Visitor, app http.Handler, path string) (status int, text string) {
	t.Helper()
	resp := v.Get(app, path)
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(read)
}

// TestNobodyIsLoggedOut tests that a visitor who was logged in before still is: with two tabs
// at once, later, and when the answer of the first request was lost. The old session ends.
func (a Application) TestNobodyIsLoggedOut(t *testing.T) {
	t.Helper()
	server, b, v := a.visitor(t)
	app := NewSessions(t, server.Addr()).Handler(b.Handler(page(b)))
	if got := get(t, visitor.New(t), app); got != "[][]" {
		t.Errorf("a stranger sees %s", got)
	}
	lost := httptest.NewRequest("GET", "/", nil)
	lost.AddCookie(&http.Cookie{Name: a.Cookie, Value: v.Cookie(a.Cookie)})
	app.ServeHTTP(httptest.NewRecorder(), lost)
	for i := range 3 {
		if got, want := get(t, v, app), []string{"ada[tea]" + a.Flashes, "ada[tea][]", "ada[tea][]"}[i]; got != want {
			t.Errorf("request %d sees %s, want %s", i+1, got, want)
		}
	}
	if v.Cookie(a.Cookie) != "" || v.Cookie("session2") == "" {
		t.Error("the old cookie is still there, or the new one is not")
	}
	for _, key := range server.Keys() {
		if strings.HasPrefix(key, a.Prefix) {
			t.Errorf("the old record %s is still there", key)
		}
	}
}

// userPage shows the user and the cart.
func userPage(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	c, _ := session.Value[Cart](s, "cart")
	fmt.Fprintf(w, "%s%v", s.User(), c.Items)
}

// TestTooManySessions tests that a visitor whose user may have no more sessions has an empty
// session, and is logged in if one of them ends before something is stored in it.
func (a Application) TestTooManySessions(t *testing.T) {
	t.Helper()
	server, b, v := a.visitor(t)
	b = a.WithUser(b)
	sessions := newSessions(t, server.Addr(), session.UserOptions{Max: 1, WhenFull: session.Refuse})
	visitor.New(t).Get(sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s, err := session.FromRequest(r); err != nil || s.Login(r.Context(), "ada") != nil {
			t.Error("the other visitor is not logged in")
		}
	})), "/").Body.Close()

	app := sessions.Handler(b.Handler(http.HandlerFunc(userPage)))
	for range 2 {
		if status, got := visit(t, v, app, "/"); got != "[]" || status != http.StatusOK {
			t.Errorf("the visitor sees %s, status %d", got, status)
		}
	}
	if _, err := sessions.EndAll(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if got := get(t, v, app); got != "ada[tea]" {
		t.Errorf("afterwards the visitor sees %s", got)
	}
}

// TestTheUserIsLoggedIn tests that the new session is the user's where the bridge finds one:
// Session.User returns it, and EndAll ends the session.
func (a Application) TestTheUserIsLoggedIn(t *testing.T) {
	t.Helper()
	server, b, v := a.visitor(t)
	b = a.WithUser(b)
	sessions := NewSessions(t, server.Addr())
	app := sessions.Handler(b.Handler(http.HandlerFunc(userPage)))
	if got := get(t, visitor.New(t), app); got != "[]" {
		t.Errorf("a stranger sees %s", got)
	}
	for i := range 2 {
		if got := get(t, v, app); got != "ada[tea]" {
			t.Errorf("request %d sees %s", i+1, got)
		}
	}
	if n, err := sessions.EndAll(t.Context(), "ada"); n != 1 || err != nil {
		t.Errorf("EndAll has ended %d sessions: %v", n, err)
	}
	if got := get(t, v, app); got != "[]" {
		t.Errorf("after EndAll the visitor sees %s", got)
	}
}

// TestLogoutEndsBoth tests that after a logout, also one that is the first request, neither
// cookie opens anything.
func (a Application) TestLogoutEndsBoth(t *testing.T) {
	t.Helper()
	for before := range 3 {
		server, b, v := a.visitor(t)
		app := NewSessions(t, server.Addr()).Handler(b.Handler(page(b)))
		stolen := v.Cookie(a.Cookie)
		for range before {
			visit(t, v, app, "/")
		}
		visit(t, v, app, "/logout")
		if got := get(t, v, app); got != "[][]" {
			t.Errorf("after %d requests and the logout the visitor sees %s", before, got)
		}
		thief := visitor.New(t)
		thief.SetCookie(a.Cookie, stolen)
		if got := get(t, thief, app); got != "[][]" {
			t.Errorf("after %d requests and the logout the old cookie opens %s", before, got)
		}
	}
}

// TestRedisDown tests that the visitor gets an error while Redis is down, and is logged in
// afterwards.
func (a Application) TestRedisDown(t *testing.T) {
	t.Helper()
	server, b, v := a.visitor(t)
	app := NewSessions(t, server.Addr()).Handler(b.Handler(page(b)))
	server.SetError("LOADING the server is starting")
	for _, path := range []string{"/", "/logout"} {
		if status, _ := visit(t, v, app, path); status != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d", path, status)
		}
	}
	server.SetError("")
	if got := get(t, v, app); got != "ada[tea]"+a.Flashes {
		t.Errorf("afterwards the visitor sees %s", got)
	}
}
