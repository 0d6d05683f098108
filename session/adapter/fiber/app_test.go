package fibersession_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
	"github.com/redis/go-redis/v9"
)

// app is a fiber application with its Redis, its log and one visitor.
type app struct {
	t        *testing.T
	redis    *miniredis.Miniredis
	sessions *session.Factory
	fiber    *fiber.App
	log      lockedBuffer
	client   *http.Client
	url      string
}

func newApp(t *testing.T, edit ...func(*session.Options)) *app {
	t.Helper()
	a := &app{t: t, redis: miniredis.RunT(t), fiber: fiber.New()}
	options := &session.Options{
		Secret: "a secret for tests, of more than 32 bytes",
		Logger: slog.New(slog.NewTextHandler(&a.log, nil)),
	}
	for _, e := range edit {
		e(options)
	}
	var err error
	a.sessions, err = session.NewFactory(goredis.New(redis.NewClient(&redis.Options{Addr: a.redis.Addr(), MaxRetries: -1})), options)
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	a.client = &http.Client{
		Jar:           jar,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a
}

// start serves the application, whose routes are complete.
func (a *app) start() *app {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		a.t.Fatal(err)
	}
	a.url = "http://" + listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- a.fiber.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	a.t.Cleanup(func() {
		a.client.CloseIdleConnections()
		_ = a.fiber.Shutdown()
		<-served
		_ = a.sessions.Close()
	})
	return a
}

// get returns the session of a request that a handler cannot do without.
func (a *app) get(c fiber.Ctx) *session.Session {
	s, err := fibersession.Get(c)
	if err != nil {
		a.t.Errorf("%s: %v", c.FullPath(), err)
	}
	return s
}

func (a *app) do(method, path, body string) (*http.Response, string) {
	a.t.Helper()
	r, err := http.NewRequest(method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return a.send(r)
}

func (a *app) send(r *http.Request) (*http.Response, string) {
	a.t.Helper()
	resp, err := a.client.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp, string(text)
}

// stored reports whether Redis holds a session.
func (a *app) stored() bool { return len(a.redis.Keys()) > 0 }

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
