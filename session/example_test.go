package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/session"
)

// exampleSite is a factory on a Redis inside the program, and one visitor of it.
type exampleSite struct {
	*session.Factory
	cookies []*http.Cookie
}

func newExampleSite() *exampleSite {
	return &exampleSite{Factory: newExampleFactory(&session.Options{
		Secret:      "a secret for examples, of 32 bytes",
		IdleTimeout: 20 * time.Minute,
		Users:       &session.UserOptions{},
	})}
}

func newExampleFactory(options *session.Options) *session.Factory {
	store, err := embedded.Connect(context.Background(), connect.Options{})
	if err != nil {
		panic(err)
	}
	f, err := session.NewFactory(store, options)
	if err != nil {
		panic(err)
	}
	return f
}

// request sends the visitor's request to a handler.
func (e *exampleSite) request(method string, h http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	for _, c := range e.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if cookies := w.Result().Cookies(); len(cookies) > 0 {
		e.cookies = cookies
	}
	return w
}

// visit sends a request whose handler uses the session.
func (e *exampleSite) visit(use func(s *session.Session)) {
	e.request(http.MethodGet, e.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return
		}
		use(s)
	})))
}

// A stream that stays open keeps its session alive while it is watched, and stops when
// the visitor has logged out in another tab.
func ExampleSession_Touch() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("user", "ann") })

	site.visit(func(stream *session.Session) {
		fmt.Println(stream.Touch(context.Background()))
		site.visit(func(s *session.Session) { _ = s.Invalidate(context.Background()) })
		fmt.Println(stream.Touch(context.Background()))
	})
	// Output:
	// <nil>
	// session: the session has ended meanwhile; nothing was saved
}

// The handler is for a script that says when the session is about to end.
func ExampleFactory_StatusHandler() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	status := site.StatusHandler() // mux.Handle("/session", sessions.StatusHandler())

	fmt.Print(site.request(http.MethodGet, status).Body)
	site.visit(func(s *session.Session) { s.Set("user", "ann") })

	var answer struct {
		Active    bool    `json:"active"`
		ExpiresIn float64 `json:"expires_in"` // seconds
	}
	_ = json.Unmarshal(site.request(http.MethodPost, status).Body.Bytes(), &answer)
	fmt.Println(answer.Active, math.Ceil(answer.ExpiresIn/60), "minutes")
	// Output:
	// {"active":false,"expires_in":0}
	// true 20 minutes
}

func ExamplePop() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("next", "/checkout") })

	site.visit(func(s *session.Session) {
		number, ok := session.Pop[int](s, "next") // it is no number, and stays
		fmt.Println(number, ok)
		next, ok := session.Pop[string](s, "next")
		fmt.Println(next, ok)
		fmt.Println(s.Has("next"))
	})
	// Output:
	// 0 false
	// /checkout true
	// false
}

func ExamplePopFlash() {
	type notice struct{ Level, Text string }
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Flash("", notice{"info", "Saved."})
		s.Flash("", notice{"warn", "The disk is nearly full."})
	})

	site.visit(func(s *session.Session) {
		for _, n := range session.PopFlash[notice](s, "") {
			fmt.Println(n.Level+":", n.Text)
		}
		fmt.Println(session.PopFlash[notice](s, "") == nil)
	})
	// Output:
	// info: Saved.
	// warn: The disk is nearly full.
	// false
}
