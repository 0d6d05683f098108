package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

const noCookie = "X-No-Cookie"

func allowUnlessMarked(h http.Header) bool { return h.Get(noCookie) == "" }

// AllowCookie looks at the header only where it is sent: CSRFToken and Renew in
// another goroutine do not read it while the handler writes it. The race detector
// watches.
func TestCookieHookBesideGoroutines(t *testing.T) {
	uses := map[string]func(ctx context.Context, s *session.Session) error{
		"token":       func(ctx context.Context, s *session.Session) error { _, err := s.CSRFToken(ctx); return err },
		"Clear first": func(ctx context.Context, s *session.Session) error { s.Clear(); _, err := s.CSRFToken(ctx); return err },
		"renew":       func(ctx context.Context, s *session.Session) error { return s.Renew(ctx) },
		"logout": func(ctx context.Context, s *session.Session) error {
			err := s.Invalidate(ctx)
			s.Set("k", "v")
			_, tokenErr := s.CSRFToken(ctx)
			return errors.Join(err, tokenErr)
		},
	}
	for name, use := range uses {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known %v", name, known), func(t *testing.T) {
				store := newMemStore()
				f := newTestFactory(t, store, func(o *session.Options) { o.AllowCookie = allowUnlessMarked })
				v := newVisitor(t, f)
				if known {
					v.visit(func(s *session.Session) { s.Set("old", 1) })
				}
				v.serve(func(w http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					s.Set("k", "v")
					var wg sync.WaitGroup
					for range 4 {
						wg.Go(func() {
							if err := use(r.Context(), s); err != nil {
								t.Error(err)
							}
						})
					}
					for i := range 1000 {
						w.Header().Set(fmt.Sprint("X-", i%50), "v")
					}
					wg.Wait()
					_, _ = io.WriteString(w, pageText)
				})
				v.visit(func(s *session.Session) {
					if !s.Has("k") && name != "Clear first" {
						t.Error("the cookie does not lead to the session")
					}
				})
			})
		}
	}
}

// marked serves a request whose response is marked as one without a cookie,
// outside by middleware around the Handler or else by the handler itself, before
// or after it has used the session.
func marked(f *session.Factory, where string, cookies []*http.Cookie, use func(r *http.Request)) *http.Response {
	mark := func(w http.ResponseWriter, at string) {
		if at == where {
			w.Header().Set(noCookie, "yes")
		}
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	mark(w, "outside")
	f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mark(w, "before")
		use(r)
		mark(w, "after")
		page(w)
	})).ServeHTTP(w, r)
	return w.Result()
}

// A new session on a response that may not carry its cookie is not stored at any
// time, whatever CSRFToken was asked for, and a token that was asked for early is
// that of the session when the response may.
func TestCSRFTokenUnderTheCookieHook(t *testing.T) {
	for _, where := range []string{"outside", "before", "after", "nowhere"} {
		store := newMemStore()
		f := newTestFactory(t, store, func(o *session.Options) { discardLog(o); o.AllowCookie = allowUnlessMarked })
		var token string
		resp := marked(f, where, nil, func(r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				t.Fatal(err)
			}
			token, err = s.CSRFToken(r.Context())
			if refused := errors.Is(err, session.ErrCookieRefused); refused != (where == "outside") || refused == (token != "") {
				t.Errorf("%s: a token of %d bytes, %v", where, len(token), err)
			}
			if again, _ := s.CSRFToken(r.Context()); again != token {
				t.Errorf("%s: another token", where)
			}
		})
		if where != "nowhere" {
			if calls := store.takeCalls(); resp.StatusCode != http.StatusOK || len(resp.Cookies()) > 0 || len(calls) > 0 {
				t.Errorf("%s: status %d, %d cookies, commands %q", where, resp.StatusCode, len(resp.Cookies()), calls)
			}
			continue
		}
		if len(resp.Cookies()) != 1 {
			t.Fatalf("cookies %v", resp.Cookies())
		}
		marked(f, where, resp.Cookies(), func(r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				t.Fatal(err)
			}
			if stored, err := s.CSRFToken(r.Context()); stored != token || err != nil {
				t.Errorf("the stored token is another, %v", err)
			}
		})
	}
}

// Renew is refused where middleware around the Handler has refused the cookie, and
// the session stays as it is. What the handler itself refuses is known too late: the
// renewed session, which no browser could open, is ended. The page is not sent in
// either case.
func TestRenewUnderTheCookieHook(t *testing.T) {
	for _, format := range formats {
		for _, where := range []string{"outside", "before", "after", "nowhere"} {
			var log bytes.Buffer
			store := newMemStore()
			f := newTestFactory(t, store, func(o *session.Options) {
				o.Format, o.AllowCookie = format, allowUnlessMarked
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			cookie := seed(t, f)
			resp := marked(f, where, []*http.Cookie{cookie}, func(r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Renew(r.Context()); errors.Is(err, session.ErrCookieRefused) != (where == "outside") {
					t.Errorf("%s: %s: %v", format, where, err)
				}
				s.Set("k", "v")
			})
			late := where == "before" || where == "after"
			failed := late || where == "outside"
			if (resp.StatusCode == http.StatusInternalServerError) != failed || strings.Contains(log.String(), "level=ERROR") != failed {
				t.Errorf("%s: %s: status %d, logged %q", format, where, resp.StatusCode, log.String())
			}
			if (len(resp.Cookies()) == 1) != (where == "nowhere") {
				t.Errorf("%s: %s: cookies %v", format, where, resp.Cookies())
			}
			live := 0
			for _, record := range store.records {
				if format != session.FormatNative || !isMarker(record.data) {
					live++
				}
			}
			if (live == 0) != late {
				t.Errorf("%s: %s: %d sessions are left", format, where, live)
			}
			if where == "outside" {
				marked(f, "nowhere", []*http.Cookie{cookie}, func(r *http.Request) {
					if s, err := f.Get(r); err != nil || !s.Has("seed") || s.Has("k") {
						t.Errorf("%s: the session that was not renewed has the keys %q, %v", format, s.Keys(), err)
					}
				})
			}
		}
	}
}
