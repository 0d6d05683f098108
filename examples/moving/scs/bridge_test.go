package scs

import (
	"net/http"
	"testing"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/examples/moving/internal/bridgetest"
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
}

func TestNobodyIsLoggedOut(t *testing.T) {
	t.Parallel()
	old.TestNobodyIsLoggedOut(t)
}

func TestLogoutEndsBoth(t *testing.T) {
	t.Parallel()
	old.TestLogoutEndsBoth(t)
}

func TestRedisDown(t *testing.T) {
	t.Parallel()
	old.TestRedisDown(t)
}
