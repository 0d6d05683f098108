package session_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Middleware whose writer has Unwrap and only some of the methods itself.
type (
	hidingAllButFlush      struct{ hiding }
	hidingAllButFlushError struct{ hiding }
	hidingAllButHijack     struct{ hiding }
	hidingTheRest          struct{ hiding }
)

func (w hidingAllButFlush) Flush() { w.ResponseWriter.(http.Flusher).Flush() }
func (w hidingAllButFlushError) FlushError() error {
	return http.NewResponseController(w.ResponseWriter).Flush()
}
func (w hidingAllButHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
func (w hidingTheRest) WriteString(s string) (int, error) { return io.WriteString(w.ResponseWriter, s) }
func (w hidingTheRest) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(w.ResponseWriter, r)
}
func (w hidingTheRest) Push(string, *http.PushOptions) error { return http.ErrNotSupported }
func (w hidingTheRest) CloseNotify() <-chan bool             { return nil }

var hidings = map[string]func(http.ResponseWriter) http.ResponseWriter{
	"all":                func(w http.ResponseWriter) http.ResponseWriter { return hiding{w} },
	"all, twice":         func(w http.ResponseWriter) http.ResponseWriter { return hiding{hiding{w}} },
	"all but Flush":      func(w http.ResponseWriter) http.ResponseWriter { return hidingAllButFlush{hiding{w}} },
	"all but FlushError": func(w http.ResponseWriter) http.ResponseWriter { return hidingAllButFlushError{hiding{w}} },
	"all but Hijack":     func(w http.ResponseWriter) http.ResponseWriter { return hidingAllButHijack{hiding{w}} },
	"Flush and Hijack":   func(w http.ResponseWriter) http.ResponseWriter { return hidingTheRest{hiding{w}} },
	"Flush behind two":   func(w http.ResponseWriter) http.ResponseWriter { return hiding{hidingAllButHijack{hiding{w}}} },
	"a count":            func(w http.ResponseWriter) http.ResponseWriter { return &chiWriter{ResponseWriter: w} },
}

// openings are the ways to send a header that go by http.ResponseController.
var openings = map[string]struct {
	http1 bool
	open  func(t *testing.T, w http.ResponseWriter) error
}{
	"Flush": {false, func(_ *testing.T, w http.ResponseWriter) error { return http.NewResponseController(w).Flush() }},
	"deadlines, then Flush": {false, func(t *testing.T, w http.ResponseWriter) error {
		c := http.NewResponseController(w)
		for _, err := range []error{
			c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetWriteDeadline(time.Now().Add(time.Hour)), c.EnableFullDuplex(),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		return c.Flush()
	}},
	"Flush of inner middleware": {false, func(_ *testing.T, w http.ResponseWriter) error {
		return http.NewResponseController(hiding{hiding{w}}).Flush()
	}},
	"Flush after the status": {false, func(_ *testing.T, w http.ResponseWriter) error {
		w.WriteHeader(http.StatusOK)
		return http.NewResponseController(w).Flush()
	}},
	"io.Copy": {false, func(_ *testing.T, w http.ResponseWriter) error {
		_, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(" ")})
		return err
	}},
	"Hijack": {true, func(_ *testing.T, w http.ResponseWriter) error {
		return hijack(w, http.NewResponseController(w).Hijack)
	}},
	"Hijack of inner middleware": {true, func(_ *testing.T, w http.ResponseWriter) error {
		return hijack(w, http.NewResponseController(hiding{w}).Hijack)
	}},
	"Hijack by assertion": {true, func(_ *testing.T, w http.ResponseWriter) error { return hijack(w, w.(http.Hijacker).Hijack) }},
}

// hijack answers as websocket packages do.
func hijack(w http.ResponseWriter, take func() (net.Conn, *bufio.ReadWriter, error)) error {
	conn, rw, err := take()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, _ = io.WriteString(rw, "HTTP/1.1 200 OK\r\nConnection: close\r\n")
	_ = w.Header().Write(rw)
	_, _ = io.WriteString(rw, "\r\n"+pageText)
	return rw.Flush()
}

// What http.ResponseController finds behind middleware passes the session's writer:
// the session is saved before the header goes, and when that fails, the page does
// not go out.
func TestResponseControllerBehindMiddleware(t *testing.T) {
	for _, protocol := range protocols {
		for hidden, wrap := range hidings {
			for name, o := range openings {
				if o.http1 && protocol == "HTTP/2.0" {
					continue
				}
				for _, down := range []bool{false, true} {
					t.Run(protocol+"/"+hidden+"/"+name, func(t *testing.T) {
						store := newMemStore()
						f := newTestFactory(t, store, discardLog)
						handler := f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							s, err := f.Get(r)
							if err != nil {
								t.Error(err)
								return
							}
							s.Set("k", "v")
							if down {
								store.err = errRefused
							}
							if err := o.open(t, w); (err != nil) != (down && o.http1) {
								t.Errorf("error %v", err)
							}
							if !o.http1 {
								_, _ = io.WriteString(w, pageText)
							}
						}))
						server := startServer(t, protocol, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							handler.ServeHTTP(wrap(w), r)
						}))
						got := ask(t, server, http.MethodGet)
						switch {
						case down:
							if got.StatusCode != http.StatusServiceUnavailable || strings.Contains(got.body, pageText) {
								t.Errorf("status %d, body %q", got.StatusCode, got.body)
							}
						case got.StatusCode != http.StatusOK || !strings.Contains(got.body, pageText):
							t.Errorf("status %d, body %q", got.StatusCode, got.body)
						case len(got.Cookies()) != 1 || len(store.records) != 1:
							t.Errorf("%d cookies, %d records", len(got.Cookies()), len(store.records))
						}
					})
				}
			}
		}
	}
}

// The session's writer claims no method that does nothing: beside those of the
// writer around it, Hijack where one behind it has it, and what answers
// http.ErrNotSupported to an http.ResponseController.
func TestWriterBehindMiddlewareClaimsNothing(t *testing.T) {
	for _, protocol := range protocols {
		for hidden, wrap := range hidings {
			server := startServer(t, protocol, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				outer := wrap(w)
				newTestFactory(t, newMemStore(), nil).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					got, want := optional(w), optional(outer)
					for _, name := range []string{"Flusher ", "Pusher ", "CloseNotifier "} {
						if strings.Contains(got, name) != strings.Contains(want, name) {
							t.Errorf("%s/%s: the handler's writer is a %s, the one around it a %s", protocol, hidden, got, want)
						}
					}
					if strings.Contains(got, "Hijacker ") != (protocol != "HTTP/2.0" || strings.Contains(hidden, "but Hijack") || hidden == "Flush behind two") {
						t.Errorf("%s/%s: the handler's writer is a %s", protocol, hidden, got)
					}
				})).ServeHTTP(outer, r)
			}))
			ask(t, server, http.MethodGet)
		}
	}
	// A chain without any of it.
	type bare struct{ http.ResponseWriter }
	w := hiding{bare{httptest.NewRecorder()}}
	f := newTestFactory(t, newMemStore(), nil)
	f.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		_, _, err := c.Hijack()
		for _, err := range []error{c.Flush(), err, c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}), c.EnableFullDuplex()} {
			if !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("error %v", err)
			}
		}
		if got := optional(w); got != "" {
			t.Errorf("a %s", got)
		}
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
}
