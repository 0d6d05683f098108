package session_test

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/felixge/httpsnoop"

	"github.com/pyramidgo/redissessions/session"
)

// protocols are the servers of net/http whose ResponseWriters differ.
var protocols = []string{"HTTP/1.1", "HTTP/1.1 over TLS", "HTTP/2.0"}

// startServer serves h until the test ends.
func startServer(t *testing.T, protocol string, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // panics, superfluous headers
	server.EnableHTTP2 = protocol == "HTTP/2.0"
	if protocol == "HTTP/1.1" {
		server.Start()
	} else {
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return server
}

// reply is a response that has been read to its end.
type reply struct {
	*http.Response
	body string
	err  error // of the body
}

func ask(t *testing.T, server *httptest.Server, method string, cookies ...*http.Cookie) *reply {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("what is posted")
	}
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return &reply{resp, string(b), err}
}

// seed saves a session and returns its cookie.
func seed(t *testing.T, f *session.Factory) *http.Cookie {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	s, err := f.Get(r)
	if err != nil {
		t.Fatal(err)
	}
	s.Set("seed", true)
	if err := f.Save(w, r, s); err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

// atFirstByte calls f before the first byte of the response passes.
func atFirstByte(w http.ResponseWriter, f func()) http.ResponseWriter {
	f = sync.OnceFunc(f)
	return httpsnoop.Wrap(w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(code int) {
				if code == http.StatusSwitchingProtocols || code >= 200 {
					f()
				}
				next(code)
			}
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(b []byte) (int, error) { f(); return next(b) }
		},
		WriteString: func(next httpsnoop.WriteStringFunc) httpsnoop.WriteStringFunc {
			return func(s string) (int, error) { f(); return next(s) }
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(r io.Reader) (int64, error) { f(); return next(r) }
		},
		Flush: func(next httpsnoop.FlushFunc) httpsnoop.FlushFunc { return func() { f(); next() } },
		FlushError: func(next httpsnoop.FlushErrorFunc) httpsnoop.FlushErrorFunc {
			return func() error { f(); return next() }
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) { f(); return next() }
		},
	})
}

// TestHandlerShapes runs every shape over every server, in each of the ways in
// which a request can use its session.
func TestHandlerShapes(t *testing.T) {
	all := shapes(t)
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			for _, s := range all {
				if !strings.HasPrefix(protocol, s.protocol) {
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					t.Run("new session", func(t *testing.T) { s.newSession(t, protocol) })
					t.Run("read", func(t *testing.T) { s.read(t, protocol) })
					t.Run("not used", func(t *testing.T) { s.notUsed(t, protocol) })
					t.Run("failed save", func(t *testing.T) { s.failedSave(t, protocol) })
					t.Run("failed load", func(t *testing.T) { s.failedLoad(t, protocol) })
					t.Run("failed logout", func(t *testing.T) { s.failedLogout(t, protocol) })
				})
			}
		})
	}
}

// run serves one request by the shape. begin is called before the first byte.
func (s shape) run(t *testing.T, protocol string, f *session.Factory, use func(*http.Request), begin func(), cookies ...*http.Cookie) *reply {
	t.Helper()
	wrap := s.wrap
	if wrap == nil {
		wrap = func(f *session.Factory, next http.Handler) http.Handler { return f.Handler(next) }
	}
	h := wrap(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"the page"`)
		s.serve(w, r, use)
	}))
	server := startServer(t, protocol, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(atFirstByte(w, begin), r)
	}))
	method := s.method
	if method == "" {
		method = http.MethodGet
	}
	return ask(t, server, method, cookies...)
}

func (s shape) checkPage(t *testing.T, got *reply) {
	t.Helper()
	if want := cmp.Or(s.status, http.StatusOK); got.StatusCode != want {
		t.Errorf("status %d, want %d", got.StatusCode, want)
	}
	if s.body != "-" && !strings.Contains(got.body, pageText) {
		t.Errorf("the body is %q", got.body)
	}
	if got.err != nil {
		t.Error(got.err)
	}
}

func (s shape) newSession(t *testing.T, protocol string) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	saved := -1
	got := s.run(t, protocol, f, func(r *http.Request) {
		found, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		found.Set("k", "v")
	}, func() { saved = len(store.takeCalls()) })
	s.checkPage(t, got)
	// A response without a byte of the handler's begins when the server ends it.
	if saved == 0 || saved > 0 && len(store.takeCalls()) > 0 || len(store.records) != 1 {
		t.Errorf("%d records, %d commands before the first byte; want the one save before it", len(store.records), saved)
	}
	cookies := got.Cookies()
	if len(cookies) != 1 || len(got.Header["Set-Cookie"]) != 1 {
		t.Fatalf("Set-Cookie: %q", got.Header["Set-Cookie"])
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != (got.TLS != nil) || c.Path != "/" {
		t.Errorf("Set-Cookie: %q", got.Header["Set-Cookie"])
	}
	wantHeader(t, got, "Vary", "Cookie")
	wantHeader(t, got, "Cache-Control", "no-store")
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(cookies[0])
	found, err := f.Get(r)
	if err != nil || !found.Has("k") {
		t.Errorf("the cookie does not lead to the session: %v", err)
	}
}

func (s shape) read(t *testing.T, protocol string) {
	f := newTestFactory(t, newMemStore(), nil)
	got := s.run(t, protocol, f, func(r *http.Request) {
		if found, err := f.Get(r); err != nil || !found.Has("seed") {
			t.Errorf("the session is not there: %v", err)
		}
	}, func() {}, seed(t, f))
	s.checkPage(t, got)
	wantHeader(t, got, "Vary", "Cookie")
	wantHeader(t, got, "Set-Cookie")
	wantHeader(t, got, "Cache-Control")
}

func (s shape) notUsed(t *testing.T, protocol string) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	cookie := seed(t, f)
	store.takeCalls()
	got := s.run(t, protocol, f, func(*http.Request) {}, func() {}, cookie)
	s.checkPage(t, got)
	wantHeader(t, got, "Vary")
	wantHeader(t, got, "Set-Cookie")
	wantHeader(t, got, "Cache-Control")
	if calls := store.takeCalls(); len(calls) > 0 {
		t.Errorf("commands %q for a session that nobody asked for", calls)
	}
}

var errRefused = errors.New("connection refused by 192.0.2.1")

func (s shape) failedSave(t *testing.T, protocol string) {
	store := newMemStore()
	f := newTestFactory(t, store, discardLog)
	store.err = errRefused
	got := s.run(t, protocol, f, func(r *http.Request) {
		found, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		found.Set("k", "v")
	}, func() {})
	s.checkAnswer(t, got)
}

func (s shape) failedLoad(t *testing.T, protocol string) {
	store := newMemStore()
	f := newTestFactory(t, store, discardLog)
	cookie := seed(t, f)
	store.err = errRefused
	got := s.run(t, protocol, f, func(r *http.Request) {
		if _, err := f.Get(r); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("error %v, want ErrUnavailable", err)
		}
	}, func() {}, cookie)
	s.checkAnswer(t, got)
}

func (s shape) failedLogout(t *testing.T, protocol string) {
	store := newMemStore()
	f := newTestFactory(t, store, discardLog)
	cookie := seed(t, f)
	store.err = errRefused
	got := s.run(t, protocol, f, func(r *http.Request) {
		if err := f.Invalidate(r); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("error %v, want ErrUnavailable", err)
		}
	}, func() {}, cookie)
	s.checkAnswer(t, got)
}

// checkAnswer checks that the error handler has answered, and nobody else.
func (s shape) checkAnswer(t *testing.T, got *reply) {
	t.Helper()
	want := "Service Unavailable\n"
	if s.method == http.MethodHead {
		want = ""
	}
	if got.StatusCode != http.StatusServiceUnavailable || got.body != want || got.err != nil {
		t.Errorf("status %d, body %q, error %v; want the error page", got.StatusCode, got.body, got.err)
	}
	for _, name := range []string{"Set-Cookie", "Etag", "Location", "Last-Modified", "Link", "Upgrade", "Accept-Ranges"} {
		wantHeader(t, got, name)
	}
	wantHeader(t, got, "Cache-Control", "no-store")
	wantHeader(t, got, "Vary", "Cookie")
	wantHeader(t, got, "Content-Type", "text/plain; charset=utf-8")
}

func wantHeader(t *testing.T, got *reply, name string, want ...string) {
	t.Helper()
	if !slices.Equal(got.Header[name], want) {
		t.Errorf("%s: %q, want %q", name, got.Header[name], want)
	}
}
