package session_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// TestHandlerDropsThePage: once the error handler has answered, what the handler
// writes is dropped and reported as written, whatever way it writes, since many
// frameworks panic on a failed write and so cut the connection. Only a Hijack
// fails.
func TestHandlerDropsThePage(t *testing.T) {
	for _, protocol := range protocols {
		for _, writer := range []string{"the server's writer", "a writer of middleware"} {
			store := newMemStore()
			store.err = errRefused
			f := newTestFactory(t, store, discardLog)
			h := f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Error(err)
					return
				}
				s.Set("k", "v")
				c := http.NewResponseController(w)
				for name, write := range map[string]func() (int64, error){
					"Write":       func() (int64, error) { n, err := w.Write([]byte(pageText)); return int64(n), err },
					"WriteString": func() (int64, error) { n, err := io.WriteString(w, pageText); return int64(n), err },
					"ReadFrom":    func() (int64, error) { return io.Copy(w, struct{ io.Reader }{strings.NewReader(pageText)}) },
					"Flush":       func() (int64, error) { return int64(len(pageText)), c.Flush() },
				} {
					for range 2 { // the first of all sends the answer
						if n, err := write(); n != int64(len(pageText)) || err != nil {
							t.Errorf("%s, %s, %s: %d, %v", protocol, writer, name, n, err)
						}
					}
				}
				w.WriteHeader(http.StatusEarlyHints)
				w.WriteHeader(http.StatusTeapot)
				if conn, _, err := c.Hijack(); err == nil {
					_ = conn.Close()
					t.Errorf("%s, %s: Hijack returns no error", protocol, writer)
				}
			}))
			if writer == "a writer of middleware" {
				inner := h
				h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(atFirstByte(w, func() {}), r) })
			}
			got := ask(t, startServer(t, protocol, h), http.MethodGet)
			if got.StatusCode != http.StatusServiceUnavailable || got.body != "Service Unavailable\n" || got.err != nil {
				t.Errorf("%s, %s: status %d, body %q, error %v", protocol, writer, got.StatusCode, got.body, got.err)
			}
		}
	}
}

// A framework that panics when a write fails: the visitor gets the answer and not
// a connection that was cut.
func TestHandlerInsideAFrameworkThatPanics(t *testing.T) {
	for _, protocol := range protocols {
		for name, spoil := range map[string]func(f *session.Factory, store *memStore, r *http.Request){
			"a load": func(f *session.Factory, store *memStore, r *http.Request) { store.err = errRefused; _, _ = f.Get(r) },
			"a logout": func(f *session.Factory, store *memStore, r *http.Request) {
				store.err = errRefused
				_ = f.Invalidate(r)
			},
			"a save": func(f *session.Factory, store *memStore, r *http.Request) {
				s, _ := f.Get(r)
				s.Set("k", "v")
				store.err = errRefused
			},
		} {
			store := newMemStore()
			f := newTestFactory(t, store, discardLog)
			cookie := seed(t, f)
			server := startServer(t, protocol, f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				spoil(f, store, r)
				w.WriteHeader(http.StatusOK)
				for range 100 {
					if _, err := w.Write(bytes.Repeat([]byte("x"), 1000)); err != nil {
						panic(err)
					}
				}
			})))
			got := ask(t, server, http.MethodGet, cookie)
			if got.StatusCode != http.StatusServiceUnavailable || got.body != "Service Unavailable\n" || got.err != nil {
				t.Errorf("%s, %s failed: status %d, body %q, error %v", protocol, name, got.StatusCode, got.body, got.err)
			}
		}
	}
}

// A handler that makes its page without an end and does not look at its writes does
// not keep the answer from the visitor, whether it flushes or not.
func TestHandlerAnswersBeforeAnEndlessPageEnds(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter, r *http.Request){
		"flush": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "data: 1\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"write": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("data: 1\n\n"))
			<-r.Context().Done()
		},
		"write text": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "data: 1\n\n")
			<-r.Context().Done()
		},
		"copy": func(w http.ResponseWriter, r *http.Request) {
			source, end := io.Pipe()
			context.AfterFunc(r.Context(), func() { _ = end.Close() })
			_, _ = io.Copy(w, io.MultiReader(strings.NewReader("data: 1\n\n"), source))
		},
	} {
		for _, protocol := range protocols {
			store := newMemStore()
			store.err = errRefused
			f := newTestFactory(t, store, discardLog)
			server := startServer(t, protocol, f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, _ := f.Get(r)
				s.Set("k", "v")
				write(w, r)
			})))
			// Only where the answer does not come the time runs out.
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := server.Client().Do(r)
			if err != nil {
				cancel()
				t.Errorf("%s, %s: %v", protocol, name, err)
				continue
			}
			line, err := bufio.NewReader(resp.Body).ReadString('\n')
			if resp.StatusCode != http.StatusServiceUnavailable || line != "Service Unavailable\n" || err != nil {
				t.Errorf("%s, %s: status %d, %q, %v", protocol, name, resp.StatusCode, line, err)
			}
			cancel()
			_ = resp.Body.Close()
		}
	}
}

// TestDefaultAnswers checks what the visitor and the log are told, by the reason.
func TestDefaultAnswers(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		retry  string
		body   string
		level  string
	}{
		{session.ErrUnavailable, 503, "5", "Service Unavailable", "ERROR"},
		{session.NewStoreFailure("load", errRefused), 503, "5", "Service Unavailable", "ERROR"},
		{session.ErrConflict, 503, "", "Service Unavailable", "ERROR"},
		{session.ErrGone, 409, "", "reload", "INFO"},
		{session.ErrEnded, 409, "", "reload", "INFO"},
		{session.ErrRefused, 500, "", "Internal Server Error", "ERROR"},
		{session.NewStoreFailure("load", fmt.Errorf("%w: NOPERM", session.ErrRefused)), 500, "", "Internal Server Error", "ERROR"},
		{errors.Join(session.ErrGone, session.NewStoreFailure("renew", errRefused)), 503, "5", "Service Unavailable", "ERROR"},
		{session.ErrTooLarge, 500, "", "Internal Server Error", "ERROR"},
		{session.ErrHeaderWritten, 500, "", "Internal Server Error", "ERROR"},
		{session.ErrCrossedReply, 500, "", "Internal Server Error", "ERROR"},
		{errRefused, 500, "", "Internal Server Error", "ERROR"},
	} {
		for _, err := range []error{test.err, fmt.Errorf("session: save %q: %w", "a secret", test.err)} {
			var log bytes.Buffer
			f := newTestFactory(t, newMemStore(), func(o *session.Options) { logLines(o, &log) })
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
			session.AnswerError(w, r, err)
			session.LogFailure(f, r, "session: the page was not sent", err)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) || w.Header().Get("Retry-After") != test.retry {
				t.Errorf("%v: status %d, body %q, Retry-After %q", err, w.Code, w.Body, w.Header().Get("Retry-After"))
			}
			if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "192.0.2.1") {
				t.Errorf("%v: the visitor is told %q", err, w.Body)
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level="+test.level) {
				t.Errorf("%v: log: %s", err, got)
			}
		}
	}
}

// What another tab did is answered with 409, and is no error to the log, whether
// it is a save, a token or a renewal that comes too late. In the Pyramid formats
// the renewal begins a new session (TestRenewAfterARenewal).
func TestSessionThatEndedMeanwhile(t *testing.T) {
	inEachFormat(t, func(t *testing.T, _ *memStore, format func(*session.Options)) {
		for name, change := range map[string]func(s *session.Session, r *http.Request){
			"a save":    func(s *session.Session, _ *http.Request) { s.Set("k", "v") },
			"a timeout": func(s *session.Session, _ *http.Request) { s.AdjustTimeout(time.Hour) },
			"a token":   func(s *session.Session, r *http.Request) { _, _ = s.CSRFToken(r.Context()) },
			"a renewal": func(s *session.Session, r *http.Request) { _ = s.Renew(r.Context()) },
		} {
			t.Run(name, func(t *testing.T) {
				var log bytes.Buffer
				f := newTestFactory(t, newMemStore(), func(o *session.Options) { format(o); logLines(o, &log) })
				if name == "a renewal" && session.FormatOf(f).Live() == nil {
					return
				}
				v := started(t, f)
				resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					if err := f.Invalidate(v.request()); err != nil {
						t.Error(err)
					}
					change(s, r)
					_, _ = io.WriteString(w, pageText)
				})
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != http.StatusConflict || !strings.Contains(string(body), "reload") {
					t.Errorf("status %d, body %q", resp.StatusCode, body)
				}
				if got := log.String(); strings.Contains(got, "level=ERROR") || !strings.Contains(got, "level=INFO msg=\"session: the page was not sent\"") {
					t.Errorf("log: %s", got)
				}
				if c := resp.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
					t.Errorf("cookies %v: the dead one should go", c)
				}
			})
		}
	})
}
