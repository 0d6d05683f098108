package main

import (
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v3"
	fiberlog "github.com/gofiber/fiber/v3/log"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	// The panics of the tests are not to be read.
	gin.SetMode(gin.TestMode)
	gin.DefaultErrorWriter = io.Discard
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	fiberlog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// site is the application under one framework, with its Redis.
type site struct {
	t         *testing.T
	framework string
	redis     *miniredis.Miniredis
	tick      chan time.Time
	url       string
}

// cookieName is the one that the settings have by default.
const cookieName = session.DefaultCookieName

func newSite(t *testing.T, framework string) *site {
	t.Helper()
	st := &site{t: t, framework: framework, redis: miniredis.RunT(t), tick: make(chan time.Time)}
	client := redis.NewClient(&redis.Options{Addr: st.redis.Addr(), MaxRetries: -1})
	sessions, err := session.NewFactory(goredis.New(client), &session.Options{
		Secret: "a secret for tests, of more than 32 bytes",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sessions.Close() })
	a := &app{sessions: sessions, tick: st.tick, limit: 20 * time.Millisecond}
	if framework == "fiber" {
		st.url = serveFiber(t, withFiber(a), st.tick)
		return st
	}
	server := httptest.NewServer(frameworks[framework](a))
	t.Cleanup(server.Close)
	st.url = server.URL
	return st
}

func serveFiber(t *testing.T, f *fiber.App, tick chan time.Time) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() {
		close(tick) // an open stream tries to send, and finds that its client has left
		_ = f.Shutdown()
		<-served
	})
	return "http://" + listener.Addr().String()
}

// underEach runs a test under every framework, each with a site of its own.
func underEach(t *testing.T, walk func(t *testing.T, st *site)) {
	t.Parallel()
	names := []string{"fiber"}
	for name := range maps.Keys(frameworks) {
		names = append(names, name)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, newSite(t, name))
		})
	}
}

// next lets a stream or a websocket go on.
func (st *site) next() {
	st.t.Helper()
	select {
	case st.tick <- time.Time{}:
	case <-st.t.Context().Done():
	case <-time.After(time.Minute):
		st.t.Fatal("no stream waits for its next turn")
	}
}

// home is where the home page is.
func (st *site) home() string {
	if st.framework == "connect-go" {
		return st.url + service + "Home?connect=v1&encoding=json&message=%7B%7D"
	}
	return st.url + "/"
}

// answer is a response, read to its end.
type answer struct {
	*http.Response
	body string
}

func (st *site) do(client *http.Client, r *http.Request) answer {
	st.t.Helper()
	resp, err := client.Do(r)
	if err != nil {
		st.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	return answer{resp, string(body)}
}
