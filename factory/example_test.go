package factory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// A settings file, in any of the formats of settings.Load, is all that a program needs.
func ExampleFromFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "development.yaml")
	text := `
redis.sessions:
  secret: at least 32 bytes that nobody can guess
  debug: true
  url: embedded://
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		panic(err)
	}

	sessions, err := factory.FromFile(file, factory.WithConnector("embedded", embedded.Connect))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sessions.Close()
	fmt.Println(sessions.Ping(context.Background()))
	// Output: <nil>
}

func ExampleFromSettings() {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret": "at least 32 bytes that nobody can guess",
		"redis.sessions.url":    "embedded://",
	}, factory.WithConnector("embedded", embedded.Connect))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sessions.Close()

	app := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := sessions.Get(r)
		if err != nil {
			return // the Handler answers
		}
		session.Modify(s, "visits", func(n int) int { return n + 1 })
		n, _ := session.Value[int](s, "visits")
		fmt.Fprintf(w, "visit %d", n)
	}))

	server := httptest.NewServer(app)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	for range 3 {
		resp, err := browser.Get(server.URL)
		if err != nil {
			fmt.Println(err)
			return
		}
		var visit string
		_, _ = fmt.Fscanf(resp.Body, "visit %s", &visit)
		resp.Body.Close()
		fmt.Println(visit)
	}
	// Output:
	// 1
	// 2
	// 3
}

// A registry holds what the settings file can name: here a codec of the program's own.
func ExampleWithRegistry() {
	registry := factory.NewRegistry() // the built-in names are in it
	registry.Encode("ours", json.Marshal)
	registry.Decode("ours", json.Unmarshal)

	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret": "at least 32 bytes that nobody can guess",
		"redis.sessions.debug":  true,
		"redis.sessions.url":    "embedded://",
		"redis.sessions.encode": "ours",
		"redis.sessions.decode": "ours",
	}, factory.WithRegistry(registry), factory.WithConnector("embedded", embedded.Connect))
	fmt.Println(sessions != nil, err)
	// Output: true <nil>
}

// The error handler answers in place of a page whose session cannot be had. Without one
// the visitor gets a line of plain text.
func ExampleWithErrorHandler() {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret":       "at least 32 bytes that nobody can guess",
		"redis.sessions.url":          "redis://127.0.0.1:1/0", // no server listens there
		"redis.sessions.lazy_connect": true,
	}, factory.WithLogger(slog.New(slog.DiscardHandler)),
		factory.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, err error) {
			if errors.Is(err, session.ErrUnavailable) {
				http.Error(w, "We will be back in a moment.", http.StatusServiceUnavailable)
				return
			}
			http.Error(w, "Something went wrong.", http.StatusInternalServerError)
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sessions.Close()

	app := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return // the error handler answers
		}
		s.Set("page", "seen")
		fmt.Fprint(w, "welcome")
	}))
	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Print(answer.Code, " ", answer.Body)
	// Output: 503 We will be back in a moment.
}
