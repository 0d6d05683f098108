package session_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// The benchmarks of this file are what the library itself costs: the store
// answers at once, from memory. The module bench measures whole requests, with
// Redis, beside other libraries.

// benchWriter is a ResponseWriter with the interfaces of net/http's for HTTP/1.
type benchWriter struct{ h http.Header }

func (w *benchWriter) Header() http.Header                          { return w.h }
func (w *benchWriter) Write(b []byte) (int, error)                  { return len(b), nil }
func (w *benchWriter) WriteString(s string) (int, error)            { return len(s), nil }
func (w *benchWriter) WriteHeader(int)                              {}
func (w *benchWriter) Flush()                                       {}
func (w *benchWriter) FlushError() error                            { return nil }
func (w *benchWriter) ReadFrom(r io.Reader) (int64, error)          { return io.Copy(io.Discard, r) }
func (w *benchWriter) CloseNotify() <-chan bool                     { return nil }
func (w *benchWriter) SetReadDeadline(time.Time) error              { return nil }
func (w *benchWriter) SetWriteDeadline(time.Time) error             { return nil }
func (w *benchWriter) EnableFullDuplex() error                      { return nil }
func (w *benchWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

// stillStore gives every request the same record and forgets what it is told.
type stillStore struct{ record []byte }

func (s *stillStore) Load(context.Context, string, time.Duration) ([]byte, error) {
	return s.record, nil
}
func (s *stillStore) Create(_ context.Context, _ string, record []byte, _ time.Duration) error {
	s.record = record
	return nil
}
func (s *stillStore) Replace(context.Context, string, []byte, []byte, time.Duration) error {
	return nil
}
func (s *stillStore) Expire(context.Context, string, time.Duration) error { return nil }
func (s *stillStore) Remove(context.Context, string, []byte) error        { return nil }
func (s *stillStore) Delete(context.Context, string) error                { return nil }
func (s *stillStore) Close() error                                        { return nil }

// BenchmarkHandler is a request through the Handler, less the round trips. bare
// is the same handler without a session.
func BenchmarkHandler(b *testing.B) {
	for _, keys := range []int{10, 100} {
		store := &stillStore{}
		f := newTestFactory(b, store, discardLog)
		values := map[string]any{}
		for i := range keys {
			values[session.BenchKey(i)] = session.BenchValue
		}
		fill := func(s *session.Session) { s.Update(values) }
		oneKey := session.BenchKey(keys / 2)
		answer := func(w http.ResponseWriter, text string) { _, _ = io.WriteString(w, text) }
		get := func(r *http.Request) *session.Session {
			s, err := f.Get(r)
			if err != nil {
				b.Fatal(err)
			}
			return s
		}
		routes := []struct {
			name  string
			serve http.HandlerFunc
		}{
			{"unused", func(w http.ResponseWriter, _ *http.Request) { answer(w, session.BenchValue) }},
			{"read", func(w http.ResponseWriter, r *http.Request) {
				v, _ := session.Value[string](get(r), oneKey)
				answer(w, v)
			}},
			{"write", func(w http.ResponseWriter, r *http.Request) {
				get(r).Set(oneKey, "another value")
				answer(w, session.BenchValue)
			}},
			{"invalidate", func(w http.ResponseWriter, r *http.Request) {
				if err := f.Invalidate(r); err != nil {
					b.Fatal(err)
				}
				answer(w, session.BenchValue)
			}},
			{"create", func(w http.ResponseWriter, r *http.Request) {
				fill(get(r))
				answer(w, session.BenchValue)
			}},
		}
		v := newVisitor(b, f)
		v.visit(fill)
		cookie := v.request().Cookies()[0].String()
		for _, route := range routes {
			run := func(name string, h http.Handler) {
				b.Run(fmt.Sprintf("%s/%d/%s", route.name, keys, name), func(b *testing.B) {
					header := http.Header{}
					if route.name != "create" {
						header.Set("Cookie", cookie)
					}
					b.ReportAllocs()
					for b.Loop() {
						r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: header}).WithContext(b.Context())
						h.ServeHTTP(&benchWriter{http.Header{}}, r)
					}
				})
			}
			if route.name == "unused" {
				run("bare", route.serve)
			}
			run("session", f.Handler(route.serve))
		}
	}
}
