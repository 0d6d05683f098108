package gorilla

import (
	"net/http"
	"testing"

	"github.com/boj/redistore/v2"

	"github.com/pyramidgo/redissessions/examples/moving/internal/bridgetest"
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
		return Bridge{Old: store, Name: oldCookie}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, _ := store.Get(r, oldCookie)
			s.Values["user"], s.Values["cart"], s.Values[7] = "ada", bridgetest.Cart{Items: []string{"tea"}}, "no text"
			s.AddFlash("welcome")
			if err := s.Save(r, w); err != nil {
				t.Error(err)
			}
		})
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
