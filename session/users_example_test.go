package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
)

// A login draws a ticket before it checks the password, so that a change of the password
// in between is noticed.
func ExampleSession_Login() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	sessions, err := session.NewFactory(goredis.New(redis.NewClient(&redis.Options{Addr: server.Addr()})), &session.Options{
		Secret: "32 random bytes, of your own making",
		Users:  &session.UserOptions{Max: 5},
	})
	if err != nil {
		panic(err)
	}
	passwordIsRight := func(string, string) bool { return true }

	login := func(w http.ResponseWriter, r *http.Request) {
		s, err := sessions.Get(r)
		if err != nil {
			return // the Handler answers
		}
		user := r.FormValue("user")
		ticket, err := sessions.Ticket(r.Context(), user)
		if err != nil || !passwordIsRight(user, r.FormValue("password")) {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		if err := s.Login(r.Context(), user, session.WithTicket(ticket)); err != nil {
			return
		}
		infos, _ := sessions.Sessions(r.Context(), user)
		fmt.Println(s.User(), "is logged in", len(infos), "time")
	}
	r := httptest.NewRequest(http.MethodPost, "/login?user=ann", nil)
	sessions.Handler(http.HandlerFunc(login)).ServeHTTP(httptest.NewRecorder(), r)
	n, err := sessions.EndAll(r.Context(), "ann")
	fmt.Println(n, err)
	// Output:
	// ann is logged in 1 time
	// 1 <nil>
}
