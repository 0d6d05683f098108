package factory_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// startUp is an application's start-up as a program of one's own may have it.
type startUp struct {
	settings   settings.Source
	middleware []func(http.Handler) http.Handler
	shutdown   []func()
}

func (a *startUp) Settings() settings.Source { return a.settings }
func (a *startUp) Use(m ...func(http.Handler) http.Handler) {
	a.middleware = append(a.middleware, m...)
}
func (a *startUp) OnShutdown(f func()) { a.shutdown = append(a.shutdown, f) }

// handler wraps an application's handler as its start-up said.
func (a *startUp) handler(h http.Handler) http.Handler {
	for _, m := range slices.Backward(a.middleware) {
		h = m(h)
	}
	return h
}

func ExampleInclude() {
	app := &startUp{settings: settings.Map{
		"redis.sessions.secret": "at least 32 bytes that nobody can guess",
		"redis.sessions.url":    "embedded://",
	}}
	if err := factory.Include(app, factory.WithConnector("embedded", embedded.Connect)); err != nil {
		fmt.Println(err)
		return
	}

	hello := func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return
		}
		s.Flash("", "welcome")
		fmt.Fprint(w, s.PopFlash(""))
	}

	server := httptest.NewServer(app.handler(http.HandlerFunc(hello)))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	fmt.Printf("%s\n", body)

	for _, f := range app.shutdown {
		f()
	}
	// Output: [welcome]
}

func TestIncludeClosesAtShutdown(t *testing.T) {
	s := newSite(t, nil)
	app := &startUp{settings: settings.Map{
		"redis.sessions.secret": secret, "redis.sessions.url": "redis://" + s.redis.Addr(),
	}}
	if err := factory.Include(app); err != nil {
		t.Fatal(err)
	}
	write := app.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if se, err := session.FromRequest(r); err == nil {
			se.Set("n", 1)
		}
	}))
	serve := func() int {
		w := httptest.NewRecorder()
		write.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return w.Code
	}
	if code := serve(); code != 200 {
		t.Errorf("status %d before the shutdown", code)
	}
	for _, f := range app.shutdown {
		f()
	}
	if code := serve(); code != 503 {
		t.Errorf("status %d after the shutdown, want 503: the store is closed", code)
	}
}

func TestIncludeAddsNothingWhenItFails(t *testing.T) {
	app := &startUp{settings: settings.Map{}}
	if err := factory.Include(app); err == nil {
		t.Error("no error without a secret")
	}
	if len(app.middleware) != 0 || len(app.shutdown) != 0 {
		t.Error("it failed, but something was added")
	}
}
