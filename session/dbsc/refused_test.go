package dbsc_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
	"github.com/pyramidgo/redissessions/session/handlertest"
)

// TestRefusedLoginOfAStranger: a request that proves nothing is still a stranger's after a
// login that was refused because there are too many sessions: it sets no cookie.
func TestRefusedLoginOfAStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := handlertest.New(t, handlertest.WithOptions(session.Options{
			DeviceBound: dbsc.Options{Required: true}, IdleTimeout: 24 * time.Hour,
			Users: &session.UserOptions{Max: 1, WhenFull: session.Refuse},
		}))
		f := k.Factory()
		var err error
		login := func(user string) *http.ServeMux {
			mux := http.NewServeMux()
			mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
				s, loadErr := f.Get(r)
				if loadErr != nil {
					t.Error(loadErr)
					return
				}
				if err = s.Login(r.Context(), user); err != nil {
					s.Flash("", "too many")
				}
			})
			return mux
		}
		ada := k.Visitor()
		ada.Do(login("ada"), httptest.NewRequest(http.MethodGet, origin+"/", nil))
		if err != nil {
			t.Fatal(err)
		}
		k.Advance(10 * time.Minute) // it has not registered
		other := k.Visitor()
		other.Do(login("bob"), httptest.NewRequest(http.MethodGet, origin+"/", nil))
		resp := ada.Do(login("bob"), httptest.NewRequest(http.MethodGet, origin+"/", nil))
		if !errors.Is(err, session.ErrTooManySessions) {
			t.Fatalf("Login: %v", err)
		}
		if resp.StatusCode != http.StatusForbidden || len(resp.Header["Set-Cookie"]) > 0 {
			t.Errorf("status %d, %d cookies", resp.StatusCode, len(resp.Header["Set-Cookie"]))
		}
	})
}
