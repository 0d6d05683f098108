package session_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// ginWriter has the methods of gin's ResponseWriter: WriteHeader only notes the
// status, which the first byte or WriteHeaderNow sends.
type ginWriter struct {
	http.ResponseWriter
	status, size int
}

func (w *ginWriter) Status() int   { return w.status }
func (w *ginWriter) Size() int     { return w.size }
func (w *ginWriter) Written() bool { return w.size != -1 }
func (w *ginWriter) WriteHeader(code int) {
	if !w.Written() {
		w.status = code
	}
}
func (w *ginWriter) WriteHeaderNow() {
	if !w.Written() {
		w.size = 0
		w.ResponseWriter.WriteHeader(w.status)
	}
}
func (w *ginWriter) Write(b []byte) (int, error) {
	w.WriteHeaderNow()
	n, err := w.ResponseWriter.Write(b)
	w.size += n
	return n, err
}
func (w *ginWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }
func (w *ginWriter) Flush()                            { w.WriteHeaderNow(); w.ResponseWriter.(http.Flusher).Flush() }
func (w *ginWriter) Pusher() http.Pusher               { return nil }
func (w *ginWriter) CloseNotify() <-chan bool          { return nil }
func (w *ginWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.size = max(w.size, 0)
	return nil, nil, http.ErrNotSupported
}
func (w *ginWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// echoResponse has the fields and methods of echo's Response.
type echoResponse struct {
	Writer    http.ResponseWriter
	Status    int
	Size      int64
	Committed bool
}

func (r *echoResponse) Header() http.Header { return r.Writer.Header() }
func (r *echoResponse) WriteHeader(code int) {
	if !r.Committed {
		r.Status, r.Committed = code, true
		r.Writer.WriteHeader(code)
	}
}
func (r *echoResponse) Write(b []byte) (int, error) {
	if !r.Committed {
		r.WriteHeader(http.StatusOK)
	}
	n, err := r.Writer.Write(b)
	r.Size += int64(n)
	return n, err
}
func (r *echoResponse) Flush()                      { r.Writer.(http.Flusher).Flush() }
func (r *echoResponse) Unwrap() http.ResponseWriter { return r.Writer }

// negroniWriter has the methods of negroni's ResponseWriter.
type negroniWriter struct {
	http.ResponseWriter
	status, size int
}

func (w *negroniWriter) WriteHeader(code int) { w.status = code; w.ResponseWriter.WriteHeader(code) }
func (w *negroniWriter) Write(b []byte) (int, error) {
	if !w.Written() {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.size += n
	return n, err
}
func (w *negroniWriter) Status() int                      { return w.status }
func (w *negroniWriter) Size() int                        { return w.size }
func (w *negroniWriter) Written() bool                    { return w.status != 0 }
func (w *negroniWriter) Before(func(http.ResponseWriter)) {}

// chiWriter has the methods of chi's WrapResponseWriter.
type chiWriter struct {
	http.ResponseWriter
	code, bytes int
}

func (w *chiWriter) WriteHeader(code int) {
	if code >= 200 || code == http.StatusSwitchingProtocols {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}
func (w *chiWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}
func (w *chiWriter) Status() int                 { return w.code }
func (w *chiWriter) BytesWritten() int           { return w.bytes }
func (w *chiWriter) Tee(io.Writer)               {}
func (w *chiWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// loggingWriter counts for a log, and begins with status 200 as many do.
type loggingWriter struct {
	http.ResponseWriter
	status int
	size   int64
}

func (w *loggingWriter) WriteHeader(code int) { w.status = code; w.ResponseWriter.WriteHeader(code) }
func (w *loggingWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.size += int64(n)
	return n, err
}
func (w *loggingWriter) Status() int { return w.status }
func (w *loggingWriter) Size() int64 { return w.size }

// committedWriter tells by a method.
type committedWriter struct {
	http.ResponseWriter
	committed bool
}

func (w *committedWriter) WriteHeader(code int) {
	w.committed = true
	w.ResponseWriter.WriteHeader(code)
}
func (w *committedWriter) Write(b []byte) (int, error) {
	w.committed = true
	return w.ResponseWriter.Write(b)
}
func (w *committedWriter) Committed() bool { return w.committed }

// hiding is middleware whose writer tells nothing and can be unwrapped.
type hiding struct{ http.ResponseWriter }

func (w hiding) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// telling are the writers that frameworks put around a Handler.
var telling = map[string]func(http.ResponseWriter) http.ResponseWriter{
	"gin":     func(w http.ResponseWriter) http.ResponseWriter { return &ginWriter{w, http.StatusOK, -1} },
	"echo":    func(w http.ResponseWriter) http.ResponseWriter { return &echoResponse{Writer: w} },
	"negroni": func(w http.ResponseWriter) http.ResponseWriter { return &negroniWriter{ResponseWriter: w} },
	"chi":     func(w http.ResponseWriter) http.ResponseWriter { return &chiWriter{ResponseWriter: w} },
	"a log":   func(w http.ResponseWriter) http.ResponseWriter { return &loggingWriter{w, http.StatusOK, 0} },
	"method":  func(w http.ResponseWriter) http.ResponseWriter { return &committedWriter{ResponseWriter: w} },
	"gin behind middleware": func(w http.ResponseWriter) http.ResponseWriter {
		return hiding{hiding{&ginWriter{w, http.StatusOK, -1}}}
	},
	"echo behind middleware": func(w http.ResponseWriter) http.ResponseWriter { return hiding{&echoResponse{Writer: w}} },
	"echo without Unwrap": func(w http.ResponseWriter) http.ResponseWriter {
		return struct {
			http.ResponseWriter
			*echoField
		}{w, &echoField{}}
	},
	"chi around gin": func(w http.ResponseWriter) http.ResponseWriter {
		return &chiWriter{ResponseWriter: &ginWriter{w, http.StatusOK, -1}}
	},
	"embedded": func(w http.ResponseWriter) http.ResponseWriter {
		return struct{ *echoResponse }{&echoResponse{Writer: w}}
	},
}

type echoField struct{ Committed bool }

// outside serves a request as a framework does that gives the handler its own
// writer and the session's request.
func outside(f *session.Factory, wrap func(http.ResponseWriter) http.ResponseWriter, cookies []*http.Cookie, serve func(past, through http.ResponseWriter, r *http.Request)) *http.Response {
	rec, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := wrap(serverLike{rec})
	f.Handler(http.HandlerFunc(func(through http.ResponseWriter, r *http.Request) { serve(w, through, r) })).ServeHTTP(w, r)
	return rec.Result()
}

// serverLike is a recorder that takes a 1xx response for what it is, as a server
// does.
type serverLike struct{ *httptest.ResponseRecorder }

func (w serverLike) WriteHeader(code int) {
	if !session.Informational(code) {
		w.ResponseRecorder.WriteHeader(code)
	}
}

func page(w http.ResponseWriter) {
	_, _ = io.WriteString(w, pageText)
	if field, ok := w.(struct {
		http.ResponseWriter
		*echoField
	}); ok {
		field.Committed = true
	}
}

// A response that went past the session's writer is noticed: the log says what to
// do, and no record is made that no request could find.
func TestResponsePastTheWriter(t *testing.T) {
	uses := map[string]struct {
		known bool // the browser has a cookie
		use   func(t *testing.T, s *session.Session)
		left  int // records
	}{
		"a new session":          {false, func(_ *testing.T, s *session.Session) { s.Set("k", "v") }, 0},
		"a new session's token":  {false, func(t *testing.T, s *session.Session) { takeToken(t, s) }, 0},
		"a token and a change":   {false, func(t *testing.T, s *session.Session) { takeToken(t, s); s.Set("k", "v") }, 0},
		"a known session":        {true, func(_ *testing.T, s *session.Session) { s.Set("k", "v") }, 1},
		"a known session, read":  {true, func(_ *testing.T, s *session.Session) { s.Get("seed") }, 1},
		"a known session, token": {true, func(t *testing.T, s *session.Session) { takeToken(t, s); s.Set("k", "v") }, 1},
		"a login": {true, func(t *testing.T, s *session.Session) {
			if err := s.Renew(t.Context()); err != nil {
				t.Error(err)
			}
			s.Set("k", "v")
		}, 0},
		"a logout": {true, func(t *testing.T, s *session.Session) {
			if err := s.Invalidate(t.Context()); err != nil {
				t.Error(err)
			}
		}, 0},
		"a logout and another": {true, func(t *testing.T, s *session.Session) {
			if err := s.Invalidate(t.Context()); err != nil {
				t.Error(err)
			}
			s.Set("k", "v")
			takeToken(t, s)
		}, 0},
	}
	for writer, wrap := range telling {
		for name, test := range uses {
			for _, before := range []bool{true, false} {
				t.Run(writer+"/"+name, func(t *testing.T) {
					var log bytes.Buffer
					store := newMemStore()
					f := newTestFactory(t, store, func(o *session.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
					var cookies []*http.Cookie
					if test.known {
						cookies = append(cookies, seed(t, f))
					}
					resp := outside(f, wrap, cookies, func(past, _ http.ResponseWriter, r *http.Request) {
						if !before {
							page(past)
						}
						s, err := f.Get(r)
						if err != nil {
							t.Error(err)
							return
						}
						test.use(t, s)
						if before {
							page(past)
						}
					})
					body, _ := io.ReadAll(resp.Body)
					if resp.StatusCode != http.StatusOK || string(body) != pageText {
						t.Errorf("status %d, body %q", resp.StatusCode, body)
					}
					if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "c.Writer") {
						t.Errorf("logged %q", got)
					}
					left := 0
					for _, record := range store.records {
						if !isMarker(record.data) {
							left++
						}
					}
					if left != test.left {
						t.Errorf("%d records, want %d", left, test.left)
					}
					if test.left == 1 && !strings.HasSuffix(name, "read") {
						r := httptest.NewRequest(http.MethodGet, "/", nil)
						r.AddCookie(cookies[0])
						if s, err := f.Get(r); err != nil || !s.Has("k") {
							t.Errorf("what the visitor did was lost: %v", err)
						}
					}
				})
			}
		}
	}
}

// A step that failed is told in the log, and what the request changed is not saved:
// a login's data must not end up in the session that could not be renewed.
func TestFailedStepPastTheWriter(t *testing.T) {
	for name, step := range failing {
		if !step.load {
			continue
		}
		for writer, wrap := range telling {
			t.Run(writer+"/"+name, func(t *testing.T) {
				inEachFormat(t, func(t *testing.T, store *memStore, format func(*session.Options)) {
					var log bytes.Buffer
					f := newTestFactory(t, store, func(o *session.Options) { format(o); logLines(o, &log) })
					cookie := seed(t, f)
					log.Reset()
					outside(f, wrap, []*http.Cookie{cookie}, func(past, _ http.ResponseWriter, r *http.Request) {
						s, err := f.Get(r)
						if err != nil {
							t.Error(err)
							return
						}
						store.err = errRefused
						if step.call(f, s, r) == nil {
							t.Error("it did not fail")
						}
						store.err = nil
						s.Set("user", "alice")
						page(past)
					})
					if got := log.String(); !strings.Contains(got, errRefused.Error()) || !strings.Contains(got, "c.Writer") {
						t.Errorf("logged %q", got)
					}
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					r.AddCookie(cookie)
					if s, err := f.Get(r); err != nil || s.Has("user") {
						t.Errorf("the session that was there has the user (error %v)", err)
					}
				})
			})
		}
	}
}

func takeToken(t *testing.T, s *session.Session) {
	t.Helper()
	if _, err := s.CSRFToken(context.Background()); err != nil {
		t.Error(err)
	}
}

// No error page is appended to a page that is out already, whichever way the store
// fails.
func TestErrorPageIsNotAppended(t *testing.T) {
	for writer, wrap := range telling {
		for _, load := range []bool{true, false} {
			var log bytes.Buffer
			store := newMemStore()
			f := newTestFactory(t, store, func(o *session.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			cookie := seed(t, f)
			if load {
				store.err = errRefused
			}
			resp := outside(f, wrap, []*http.Cookie{cookie}, func(past, _ http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if load != errors.Is(err, session.ErrUnavailable) {
					t.Errorf("%s: %v", writer, err)
				}
				if s != nil {
					s.Set("k", "v")
					store.err = errRefused
				}
				page(past)
			})
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusOK || string(body) != pageText {
				t.Errorf("%s: status %d, body %q", writer, resp.StatusCode, body)
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, errRefused.Error()) {
				t.Errorf("%s: logged %q", writer, got)
			}
		}
	}
}

// A response that passes the session's writer is no such thing, whatever the
// writers around it tell of it.
func TestResponseThroughTheWriter(t *testing.T) {
	handlers := map[string]func(past, through http.ResponseWriter){
		"a page":   func(_, w http.ResponseWriter) { page(w) },
		"nothing":  func(_, _ http.ResponseWriter) {},
		"a status": func(_, w http.ResponseWriter) { w.WriteHeader(http.StatusOK); page(w) },
		"flushes":  func(_, w http.ResponseWriter) { _ = http.NewResponseController(w).Flush(); page(w) },
		"early hints": func(_, w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
			page(w)
		},
		"and then past": func(past, w http.ResponseWriter) { page(w); page(past) },
		"a status that gin only notes": func(past, w http.ResponseWriter) {
			if g, ok := past.(*ginWriter); ok {
				g.WriteHeader(http.StatusOK)
			}
			page(w)
		},
	}
	for writer, wrap := range telling {
		for name, serve := range handlers {
			t.Run(writer+"/"+name, func(t *testing.T) {
				var log bytes.Buffer
				store := newMemStore()
				f := newTestFactory(t, store, func(o *session.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
				resp := outside(f, wrap, nil, func(past, through http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					s.Set("k", "v")
					serve(past, through)
				})
				if log.Len() > 0 || len(resp.Cookies()) != 1 || len(store.records) != 1 {
					t.Errorf("%d cookies, %d records, logged %q", len(resp.Cookies()), len(store.records), log.String())
				}
			})
		}
	}
}

// A session that was not used has no part in a response, and nothing is logged.
func TestResponsePastTheWriterWithoutASession(t *testing.T) {
	for writer, wrap := range telling {
		var log bytes.Buffer
		f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		outside(f, wrap, nil, func(past, _ http.ResponseWriter, _ *http.Request) { page(past) })
		if log.Len() > 0 {
			t.Errorf("%s: logged %q", writer, log.String())
		}
	}
}
