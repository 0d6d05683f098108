package gorilla

import (
	"net/http"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/boj/redistore/v2"
	"github.com/gorilla/sessions"

	"github.com/pyramidgo/redissessions/examples/moving/internal/bridgetest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

const oldCookie = "visitor"

var old = bridgetest.Application{
	Cookie: oldCookie, Prefix: "session_", Flashes: "[welcome]",
	Open: func(t *testing.T, redisAddr string) (bridgetest.Bridge, http.Handler) {
		t.Helper()
		store, err := redistore.NewStore(redistore.KeysFromStrings("a key of the old application, 32+"), redistore.WithAddress("tcp", redisAddr))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return Bridge{Old: store, Name: oldCookie, Queues: []string{"notes"}}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, _ := store.Get(r, oldCookie)
			s.Values["user"], s.Values["cart"], s.Values[7] = "ada", bridgetest.Cart{Items: []string{"tea"}}, "no text"
			s.AddFlash("welcome")
			s.AddFlash("the shop closes at eight", "notes")
			if err := s.Save(r, w); err != nil {
				t.Error(err)
			}
		})
	},
	WithUser: func(b bridgetest.Bridge) bridgetest.Bridge {
		known := b.(Bridge)
		known.User = func(old *sessions.Session) string { user, _ := old.Values["user"].(string); return user }
		return known
	},
}

func TestNobodyIsLoggedOut(t *testing.T) {
	t.Parallel()
	old.TestNobodyIsLoggedOut(t)
}

func TestTheUserIsLoggedIn(t *testing.T) {
	t.Parallel()
	old.TestTheUserIsLoggedIn(t)
}

func TestTooManySessions(t *testing.T) {
	t.Parallel()
	old.TestTooManySessions(t)
}

func TestLogoutEndsBoth(t *testing.T) {
	t.Parallel()
	old.TestLogoutEndsBoth(t)
}

// TestFlashes tests that the messages of each queue that the bridge is told arrive in the queue
// of that name, and are no values.
func TestFlashes(t *testing.T) {
	t.Parallel()
	addr := miniredis.RunT(t).Addr()
	b, login := old.Open(t, addr)
	v := visitor.New(t)
	v.Get(login, "/").Body.Close()
	v.Get(bridgetest.NewSessions(t, addr).Handler(b.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, _ := session.FromRequest(r)
		if s.Has("notes") {
			t.Error("the messages are a value too")
		}
		for queue, want := range map[string]string{"": "welcome", "notes": "the shop closes at eight"} {
			if got := session.PopFlash[string](s, queue); len(got) != 1 || got[0] != want {
				t.Errorf("the queue %q has %q", queue, got)
			}
		}
	}))), "/").Body.Close()
}

func TestRedisDown(t *testing.T) {
	t.Parallel()
	old.TestRedisDown(t)
}
