package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// inEachFormat runs a test for a store and options of every format.
func inEachFormat(t *testing.T, test func(t *testing.T, store *memStore, format func(*session.Options))) {
	t.Helper()
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			test(t, newMemStore(), func(o *session.Options) { o.Format = format })
		})
	}
}

// logLines sends the whole log of a factory to b.
func logLines(o *session.Options, b *bytes.Buffer) {
	o.Logger = slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// failing are the steps of a request whose failure its page must not hide. They
// are given the visitor's session where the request has asked for it.
var failing = map[string]struct {
	load bool // asks for the session first
	call func(f *session.Factory, s *session.Session, r *http.Request) error
}{
	"Session.Invalidate":              {true, func(_ *session.Factory, s *session.Session, r *http.Request) error { return s.Invalidate(r.Context()) }},
	"Factory.Invalidate":              {false, func(f *session.Factory, _ *session.Session, r *http.Request) error { return f.Invalidate(r) }},
	"Factory.Invalidate, after a Get": {true, func(f *session.Factory, _ *session.Session, r *http.Request) error { return f.Invalidate(r) }},
	"Renew":                           {true, func(_ *session.Factory, s *session.Session, r *http.Request) error { return s.Renew(r.Context()) }},
	"CSRFToken": {true, func(_ *session.Factory, s *session.Session, r *http.Request) error {
		_, err := s.CSRFToken(r.Context())
		return err
	}},
	"CSRFField": {true, func(_ *session.Factory, s *session.Session, r *http.Request) error {
		_, err := s.CSRFField(r.Context())
		return err
	}},
}

// pages are what applications do after such a step, without a look at its error
// or with one.
var pages = map[string]func(w http.ResponseWriter, r *http.Request, err error){
	"redirect": func(w http.ResponseWriter, r *http.Request, _ error) {
		http.Redirect(w, r, "/bye", http.StatusSeeOther)
	},
	"page":          func(w http.ResponseWriter, _ *http.Request, _ error) { _, _ = io.WriteString(w, pageText) },
	"return":        func(http.ResponseWriter, *http.Request, error) {},
	"its own error": func(w http.ResponseWriter, _ *http.Request, err error) { http.Error(w, err.Error(), http.StatusTeapot) },
	"flush":         func(w http.ResponseWriter, _ *http.Request, _ error) { _ = http.NewResponseController(w).Flush() },
	"proxy's file":  func(w http.ResponseWriter, _ *http.Request, _ error) { w.Header().Set("X-Accel-Redirect", "/bye.html") },
	"come back":     func(w http.ResponseWriter, _ *http.Request, _ error) { w.Header().Set("Retry-After", "3600") },
	"forget":        func(w http.ResponseWriter, _ *http.Request, _ error) { w.Header().Set("Clear-Site-Data", `"cookies"`) },
}

// TestFailedStepIsNotAnsweredAsASuccess: when a logout, a renewal or a token
// failed, the error handler answers, the log has a line, nothing of the request is
// saved, and the visitor's cookie stays as it is.
func TestFailedStepIsNotAnsweredAsASuccess(t *testing.T) {
	inEachFormat(t, func(t *testing.T, _ *memStore, format func(*session.Options)) {
		for step, do := range failing {
			for page, answer := range pages {
				t.Run(step+"/"+page, func(t *testing.T) {
					var log bytes.Buffer
					store := newMemStore()
					f := newTestFactory(t, store, func(o *session.Options) { format(o); logLines(o, &log) })
					v := started(t, f)
					log.Reset()
					resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
						var s *session.Session
						if do.load {
							s, _ = f.Get(r)
						}
						store.err = errRefused
						err := do.call(f, s, r)
						if !errors.Is(err, session.ErrUnavailable) {
							t.Errorf("the error is %v", err)
						}
						store.err = nil // a save would succeed
						if s != nil {
							s.Set("user", "ann")
						}
						answer(w, r, err)
					})
					body, _ := io.ReadAll(resp.Body)
					if resp.StatusCode != http.StatusServiceUnavailable || string(body) != "Service Unavailable\n" {
						t.Errorf("status %d, body %q", resp.StatusCode, body)
					}
					if got := resp.Header.Get("Retry-After"); got != session.RetryAfter {
						t.Errorf("Retry-After: %q", got)
					}
					for _, name := range []string{"Set-Cookie", "Location", "X-Accel-Redirect", "Clear-Site-Data"} {
						if got := resp.Header[name]; got != nil {
							t.Errorf("%s: %q", name, got)
						}
					}
					if got := log.String(); strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, "the page was not sent") {
						t.Errorf("log: %s", got)
					}
					v.visit(func(s *session.Session) {
						if cart, _ := s.Get("cart"); cart != "book" || s.Has("user") {
							t.Error("the failed request has changed the session")
						}
					})
				})
			}
		}
	})
}

// The same when the operator chose to go on without sessions: the visitor who
// logs out meets no page that says so.
func TestFailedStepWithAnonymousWhenDown(t *testing.T) {
	inEachFormat(t, func(t *testing.T, _ *memStore, format func(*session.Options)) {
		for step, do := range failing {
			t.Run(step, func(t *testing.T) {
				store := newMemStore()
				f := newTestFactory(t, store, func(o *session.Options) { format(o); discardLog(o); o.AnonymousWhenDown = true })
				v := started(t, f)
				store.err = errRefused
				resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					if err := do.call(f, s, r); err == nil {
						t.Error("no error")
					}
					_, _ = io.WriteString(w, pageText)
				})
				if resp.StatusCode != http.StatusServiceUnavailable || len(resp.Cookies()) > 0 {
					t.Errorf("status %d, cookies %v", resp.StatusCode, resp.Cookies())
				}
			})
		}
	})
}

// When another try in the same request succeeds, there is nothing to report.
func TestFailedStepThatSucceedsAgain(t *testing.T) {
	inEachFormat(t, func(t *testing.T, _ *memStore, format func(*session.Options)) {
		for step, do := range failing {
			t.Run(step, func(t *testing.T) {
				store := newMemStore()
				f := newTestFactory(t, store, format)
				resp := started(t, f).serve(func(_ http.ResponseWriter, r *http.Request) {
					var s *session.Session
					if do.load {
						s, _ = f.Get(r)
					}
					store.err = errRefused
					first := do.call(f, s, r)
					store.err = nil
					if second := do.call(f, s, r); first == nil || second != nil {
						t.Errorf("the first try: %v, the second: %v", first, second)
					}
				})
				if resp.StatusCode != http.StatusOK {
					t.Errorf("status %d", resp.StatusCode)
				}
			})
		}
	})
}

// A logout that succeeds makes up for everything else; a token that was made does
// not make up for a renewal that was not.
func TestFailedStepsDoNotCoverEachOther(t *testing.T) {
	for name, test := range map[string]struct {
		then   func(s *session.Session, ctx context.Context) error
		status int
	}{
		"a logout": {func(s *session.Session, ctx context.Context) error { return s.Invalidate(ctx) }, http.StatusOK},
		"a token":  {func(s *session.Session, ctx context.Context) error { _, err := s.CSRFToken(ctx); return err }, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemStore()
			f := newTestFactory(t, store, discardLog)
			resp := started(t, f).serve(func(_ http.ResponseWriter, r *http.Request) {
				s, _ := f.Get(r)
				store.err = errRefused
				if s.Renew(r.Context()) == nil {
					t.Error("the renewal succeeded")
				}
				store.err = nil
				if err := test.then(s, r.Context()); err != nil {
					t.Error(err)
				}
			})
			if resp.StatusCode != test.status {
				t.Errorf("status %d, want %d", resp.StatusCode, test.status)
			}
		})
	}
}

// After a failed Factory.Invalidate a Get is an error too: the session is still
// there, and nothing may be made of its absence.
func TestGetAfterAFailedLogout(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, discardLog)
	started(t, f).serve(func(_ http.ResponseWriter, r *http.Request) {
		store.err = errRefused
		_ = f.Invalidate(r)
		store.err = nil
		if s, err := f.Get(r); s != nil || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("Get: %v, %v", s, err)
		}
		if err := f.Invalidate(r); err != nil {
			t.Error(err)
		}
		if s, err := f.Get(r); err != nil || !s.IsNew() {
			t.Errorf("Get after the logout: %v", err)
		}
	})
}

// Without a Handler it is Save that reports the failure.
func TestFailedStepWithoutHandler(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := started(t, f)
	r := v.request()
	s, err := f.Get(r)
	if err != nil {
		t.Fatal(err)
	}
	store.err = errRefused
	_ = s.Invalidate(r.Context())
	store.err = nil
	s.Set("user", "ann")
	w := &recorder{header: http.Header{}}
	if err := f.Save(w, r, s); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Save: %v, want ErrUnavailable", err)
	}
	if w.header["Set-Cookie"] != nil {
		t.Error("the cookie was taken from a visitor who is logged in")
	}
}

// recorder is a ResponseWriter that is only asked for its header.
type recorder struct {
	http.ResponseWriter
	header http.Header
}

func (r *recorder) Header() http.Header { return r.header }

// A failure after the first byte cannot be answered any more: the page stands, and
// the log has a line.
func TestFailedStepAfterTheFirstByte(t *testing.T) {
	for step, do := range failing {
		t.Run(step, func(t *testing.T) {
			var log bytes.Buffer
			store := newMemStore()
			f := newTestFactory(t, store, func(o *session.Options) { logLines(o, &log) })
			v := started(t, f)
			resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
				var s *session.Session
				if do.load {
					s, _ = f.Get(r)
				}
				_, _ = io.WriteString(w, pageText)
				log.Reset()
				store.err = errRefused
				if do.call(f, s, r) == nil {
					t.Error("no error")
				}
				store.err = nil
			})
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || string(body) != pageText {
				t.Errorf("status %d, body %q", resp.StatusCode, body)
			}
			if got := log.String(); !strings.Contains(got, "level=ERROR msg=\"session: the page had been sent when this failed\"") {
				t.Errorf("log: %s", got)
			}
		})
	}
}

// Where the AllowCookie hook keeps cookies out of a response, a token that was not
// made leaves a page as the operator wants it. A renewal that was not made is a
// failure: what a login writes must not end up under the old ID.
func TestFailedStepWhereTheHookRefusesTheCookie(t *testing.T) {
	for name, test := range map[string]struct {
		known  bool
		call   func(s *session.Session, ctx context.Context) error
		status int
	}{
		"a token":   {false, func(s *session.Session, ctx context.Context) error { _, err := s.CSRFToken(ctx); return err }, http.StatusOK},
		"a renewal": {true, func(s *session.Session, ctx context.Context) error { s.Set("user", "ann"); return s.Renew(ctx) }, http.StatusInternalServerError},
	} {
		var log bytes.Buffer
		refuse := false
		f := newTestFactory(t, newMemStore(), func(o *session.Options) {
			logLines(o, &log)
			o.AllowCookie = func(http.Header) bool { return !refuse }
		})
		v := newVisitor(t, f)
		if test.known {
			v = started(t, f)
		}
		refuse = true
		resp := v.serve(func(_ http.ResponseWriter, r *http.Request) {
			s, _ := f.Get(r)
			if err := test.call(s, r.Context()); !errors.Is(err, session.ErrCookieRefused) {
				t.Errorf("%s: %v", name, err)
			}
		})
		if resp.StatusCode != test.status || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%s: status %d, want %d; log: %s", name, resp.StatusCode, test.status, &log)
		}
		refuse = false
		v.visit(func(s *session.Session) {
			if s.Has("user") {
				t.Errorf("%s: the login is in the session that was not renewed", name)
			}
		})
	}
}
