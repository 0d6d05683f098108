package ginsession_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gin-gonic/gin"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
	ginsession "github.com/pyramidgo/redissessions/session/adapter/gin"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultErrorWriter = io.Discard // where Recovery prints stacks
	m.Run()
}

// app is a gin application with its Redis, its log and one visitor.
type app struct {
	t        *testing.T
	redis    *miniredis.Miniredis
	sessions *session.Factory
	router   *gin.Engine
	log      lockedBuffer
	client   *http.Client
	url      string
}

func newApp(t *testing.T, edit ...func(*session.Options)) *app {
	t.Helper()
	a := &app{t: t, redis: miniredis.RunT(t), router: gin.New()}
	client := redis.NewClient(&redis.Options{Addr: a.redis.Addr(), MaxRetries: -1})
	options := &session.Options{
		Secret: "a secret for tests, of more than 32 bytes",
		Logger: slog.New(slog.NewTextHandler(&a.log, nil)),
	}
	for _, e := range edit {
		e(options)
	}
	var err error
	a.sessions, err = session.NewFactory(goredis.New(client), options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.router)
	t.Cleanup(func() {
		server.Close()
		_ = a.sessions.Close()
	})
	jar, _ := cookiejar.New(nil)
	a.client = &http.Client{Timeout: 10 * time.Second, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a.url = server.URL
	return a
}

// get returns the session of a request that a handler cannot do without.
func (a *app) get(c *gin.Context) *session.Session {
	s, err := ginsession.Get(c)
	if err != nil {
		a.t.Errorf("%s: %v", c.FullPath(), err)
		return nil
	}
	return s
}

func (a *app) do(method, path string, body string) (*http.Response, string) {
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
