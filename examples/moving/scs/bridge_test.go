package scs

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/examples/moving/internal/bridgetest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

var old = bridgetest.Application{
	Cookie: "session", Prefix: "scs:session:", Flashes: "[]",
	Open: func(t *testing.T, redisAddr string) (bridgetest.Bridge, http.Handler) {
		t.Helper()
		client := redis.NewClient(&redis.Options{Addr: redisAddr, MaxRetries: -1})
		t.Cleanup(func() { _ = client.Close() })
		manager := scs.New()
		manager.Store = goredisstore.New(client)
		return Bridge{Old: manager}, manager.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			manager.Put(r.Context(), "user", "ada")
			manager.Put(r.Context(), "cart", bridgetest.Cart{Items: []string{"tea"}})
		}))
	},
	WithUser: func(b bridgetest.Bridge) bridgetest.Bridge {
		manager := b.(Bridge).Old
		return Bridge{Old: manager, User: func(old context.Context) string { return manager.GetString(old, "user") }}
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

// TestRemembered tests that a visitor whom the old application remembers beyond the end of the
// browser is remembered by the new one, until the same time.
func TestRemembered(t *testing.T) {
	t.Parallel()
	for _, remembered := range []bool{false, true} {
		addr := miniredis.RunT(t).Addr()
		b, login := old.Open(t, addr)
		manager := b.(Bridge).Old
		manager.Lifetime = 48 * time.Hour
		v := visitor.New(t)
		v.Get(login, "/").Body.Close()
		v.Get(manager.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			manager.RememberMe(r.Context(), remembered)
		})), "/").Body.Close()

		var keys []string
		v.Get(bridgetest.NewSessions(t, addr).Handler(b.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, _ := session.FromRequest(r)
			keys = s.Keys()
			if d := s.Timeout(); remembered != (d > 47*time.Hour && d <= 48*time.Hour) {
				t.Errorf("remembered %v: the new session has the timeout %v", remembered, d)
			}
		}))), "/").Body.Close()
		if !slices.Equal(keys, []string{"cart", "user"}) {
			t.Errorf("remembered %v: the new session has the keys %q", remembered, keys)
		}
	}
}

func TestRedisDown(t *testing.T) {
	t.Parallel()
	old.TestRedisDown(t)
}
