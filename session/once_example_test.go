package session_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
)

// A page sends five requests at once, and the visitor's token has expired: one of them
// refreshes it.
func ExampleOnce() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	sessions, err := session.NewFactory(goredis.New(redis.NewClient(&redis.Options{Addr: server.Addr()})), &session.Options{
		Secret: "32 random bytes, of your own making",
	})
	if err != nil {
		panic(err)
	}
	type Token struct {
		Access string
		Until  time.Time
	}
	refresh := func(context.Context) (Token, error) {
		fmt.Println("refreshed")
		return Token{"new", time.Now().Add(time.Hour)}, nil
	}

	api := func(w http.ResponseWriter, r *http.Request) {
		s, err := sessions.Get(r)
		if err != nil {
			return // the Handler answers
		}
		token, _ := session.Value[Token](s, "token")
		if time.Now().After(token.Until) {
			if token, err = session.Once(r.Context(), s, "token", refresh); err != nil {
				http.Error(w, "try again", http.StatusBadGateway)
				return
			}
		}
		fmt.Fprint(w, token.Access)
	}

	login := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s, err := sessions.Get(r); err == nil {
			s.Set("token", Token{"old", time.Now().Add(-time.Minute)})
		}
	})).ServeHTTP(login, httptest.NewRequest(http.MethodGet, "/login", nil))
	cookie := login.Result().Cookies()[0]
	answers := make([]string, 5)
	var requests sync.WaitGroup
	for i := range answers {
		requests.Go(func() {
			r, w := httptest.NewRequest(http.MethodGet, "/api", nil), httptest.NewRecorder()
			r.AddCookie(cookie)
			sessions.Handler(http.HandlerFunc(api)).ServeHTTP(w, r)
			answers[i] = w.Body.String()
		})
	}
	requests.Wait()
	fmt.Println(answers)
	// Output:
	// refreshed
	// [new new new new new]
}
