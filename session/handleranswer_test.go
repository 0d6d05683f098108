package session_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/felixge/httpsnoop"

	"github.com/pyramidgo/redissessions/session"
)

// TestHandlerErrorHandler checks the application's own answer to a failed save.
func TestHandlerErrorHandler(t *testing.T) {
	tests := []struct {
		name   string
		answer func(t *testing.T, f *session.Factory, w http.ResponseWriter, r *http.Request, err error)
		status int
		body   string
	}{
		{"its page is sent", func(_ *testing.T, _ *session.Factory, w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "sorry")
		}, http.StatusTeapot, "sorry"},
		{"it may ask for the session", func(t *testing.T, f *session.Factory, w http.ResponseWriter, r *http.Request, _ error) {
			s, err := f.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			v, _ := s.Get("k")
			fmt.Fprint(w, "sorry, ", v)
		}, http.StatusOK, "sorry, v"},
		{"it may ask the context's session", func(t *testing.T, _ *session.Factory, w http.ResponseWriter, r *http.Request, _ error) {
			if _, err := session.FromRequest(r); err != nil {
				t.Error(err)
			}
			http.Error(w, "sorry", http.StatusBadGateway)
		}, http.StatusBadGateway, "sorry\n"},
		{"it may flush", func(t *testing.T, _ *session.Factory, w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, "sorry")
		}, http.StatusBadGateway, "sorry"},
		{"it may send hints first", func(_ *testing.T, _ *session.Factory, w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusEarlyHints)
		}, http.StatusServiceUnavailable, "Service Unavailable\n"},
		{"one that writes nothing is replaced by the default answer", func(*testing.T, *session.Factory, http.ResponseWriter, *http.Request, error) {},
			http.StatusServiceUnavailable, "Service Unavailable\n"},
		{"its error wraps the store's", func(t *testing.T, _ *session.Factory, w http.ResponseWriter, _ *http.Request, err error) {
			if !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, errRefused) {
				t.Errorf("the error is %v", err)
			}
			http.Error(w, "sorry", http.StatusBadGateway)
		}, http.StatusBadGateway, "sorry\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, protocol := range protocols {
				store := newMemStore()
				store.err = errRefused
				var f *session.Factory
				calls := 0
				f = newTestFactory(t, store, func(o *session.Options) {
					o.Logger = slog.New(slog.DiscardHandler)
					o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
						calls++
						test.answer(t, f, w, r, err)
					}
				})
				server := startServer(t, protocol, f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					s.Set("k", "v")
					w.Header().Set("Location", "/elsewhere")
					for range 3 { // a handler that does not look at errors
						_, _ = io.WriteString(w, pageText)
						_ = http.NewResponseController(w).Flush()
						w.WriteHeader(http.StatusOK)
					}
				})))
				got := ask(t, server, http.MethodGet)
				if got.StatusCode != test.status || got.body != test.body || calls != 1 {
					t.Errorf("%s: status %d, body %q, %d calls; want %d, %q, 1", protocol, got.StatusCode, got.body, calls, test.status, test.body)
				}
				wantHeader(t, got, "Location")
				wantHeader(t, got, "Set-Cookie")
			}
		})
	}
}

// compressed is middleware that says what it does before it does it.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		next.ServeHTTP(httpsnoop.Wrap(w, httpsnoop.Hooks{
			Write: func(httpsnoop.WriteFunc) httpsnoop.WriteFunc { return z.Write },
		}), r)
	})
}

// The answer to a failed save can be read whether it goes through middleware that
// compresses, or only the page would have.
func TestHandlerAnswerBesideCompression(t *testing.T) {
	for name, wrap := range map[string]func(*session.Factory, http.Handler) http.Handler{
		"outside":            func(f *session.Factory, app http.Handler) http.Handler { return compressed(f.Handler(app)) },
		"inside":             func(f *session.Factory, app http.Handler) http.Handler { return f.Handler(compressed(app)) },
		"outside and inside": func(f *session.Factory, app http.Handler) http.Handler { return compressed(f.Handler(compressed(app))) },
	} {
		for _, protocol := range protocols {
			store := newMemStore()
			store.err = errRefused
			f := newTestFactory(t, store, discardLog)
			server := startServer(t, protocol, wrap(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Error(err)
					return
				}
				s.Set("k", "v")
				w.Header().Set("Content-Length", "1000")
				_, _ = io.WriteString(w, pageText)
			})))
			got := ask(t, server, http.MethodGet) // net/http's client decompresses
			if got.StatusCode != http.StatusServiceUnavailable || got.body != "Service Unavailable\n" || got.err != nil {
				t.Errorf("%s, %s: status %d, body %q, error %v", name, protocol, got.StatusCode, got.body, got.err)
			}
		}
	}
}

// What is the application's fault is answered with 500, and what the visitor did
// with 409; a session that ended meanwhile takes its cookie along.
func TestHandlerAnswersByReason(t *testing.T) {
	tests := []struct {
		name   string
		spoil  func(t *testing.T, f *session.Factory, r *http.Request, s *session.Session)
		status int
		cookie string // in Set-Cookie
	}{
		{"a value that cannot be encoded", func(_ *testing.T, _ *session.Factory, _ *http.Request, s *session.Session) {
			s.Set("k", make(chan int))
		}, http.StatusInternalServerError, ""},
		{"a record that is too large", func(_ *testing.T, _ *session.Factory, _ *http.Request, s *session.Session) {
			s.Set("k", strings.Repeat("x", session.DefaultMaxRecordBytes))
		}, http.StatusInternalServerError, ""},
		{"a session that has ended meanwhile", func(t *testing.T, f *session.Factory, r *http.Request, s *session.Session) {
			other := r.Clone(t.Context())
			if err := f.Invalidate(other); err != nil {
				t.Error(err)
			}
			s.Set("k", 1)
		}, http.StatusConflict, "Max-Age=0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newTestFactory(t, newMemStore(), discardLog)
			cookie := seed(t, f)
			server := startServer(t, "HTTP/2.0", f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Error(err)
					return
				}
				test.spoil(t, f, r, s)
				_, _ = io.WriteString(w, pageText)
			})))
			got := ask(t, server, http.MethodGet, cookie)
			if got.StatusCode != test.status || strings.Contains(got.body, pageText) {
				t.Errorf("status %d, body %q", got.StatusCode, got.body)
			}
			if set := strings.Join(got.Header["Set-Cookie"], "\n"); (set == "") != (test.cookie == "") || !strings.Contains(set, test.cookie) {
				t.Errorf("Set-Cookie: %q, want %q", set, test.cookie)
			}
		})
	}
}
