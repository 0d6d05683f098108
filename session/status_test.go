package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// ask sends a visitor's request to a handler and returns the answer with its body. The
// visitor keeps the cookies.
func (v *siteVisitor) ask(h http.Handler, method string, header ...string) (*http.Response, string) {
	v.t.Helper()
	r := httptest.NewRequest(method, testURL+"status", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp := v.Do(h, r)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if resp.Header.Get("Cache-Control") != "no-store" || !strings.Contains(resp.Header.Get("Vary"), "Cookie") {
		v.t.Errorf("%s: the answer may be cached: %v", method, resp.Header)
	}
	return resp, strings.TrimSpace(string(body))
}

// mounts are where the handler may be.
var mounts = map[string]func(f *session.Factory) http.Handler{
	"inside":  func(f *session.Factory) http.Handler { return f.Handler(f.StatusHandler()) },
	"outside": func(f *session.Factory) http.Handler { return f.StatusHandler() },
}

// GET restarts nothing, however often it is sent, and POST extends.
func TestStatusHandler(t *testing.T) {
	for mount, handler := range mounts {
		t.Run(mount, func(t *testing.T) {
			eachTiming(t, func(t *testing.T, v *siteVisitor, store *memStore) {
				h := handler(v.f)
				is := func(method string, want ...string) {
					t.Helper()
					resp, body := v.ask(h, method)
					if resp.StatusCode != http.StatusOK || !slices.Contains(want, body) || resp.Header.Get("Content-Type") != "application/json" {
						t.Errorf("%s: %d, %v: %s, want %s", method, resp.StatusCode, resp.Header, body, want)
					}
				}
				none := `{"active":false,"expires_in":0}`
				is(http.MethodGet, none)
				is(http.MethodPost, none)
				if calls := store.takeCalls(); len(calls) != 0 {
					t.Errorf("without a session it sends %v", calls)
				}
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				// Times of a record in whole seconds are rounded up, once or twice.
				pass(5 * time.Minute)
				for range 3 {
					store.takeCalls()
					is(http.MethodGet, `{"active":true,"expires_in":900}`, `{"active":true,"expires_in":901}`)
					if calls := store.takeCalls(); !slices.Equal(calls, []string{"load"}) {
						t.Errorf("GET sends %v", calls)
					}
				}
				pass(14 * time.Minute)
				is(http.MethodGet, `{"active":true,"expires_in":60}`, `{"active":true,"expires_in":61}`)
				is(http.MethodPost, `{"active":true,"expires_in":1200}`, `{"active":true,"expires_in":1201}`)
				pass(19 * time.Minute)
				is(http.MethodGet, `{"active":true,"expires_in":60}`, `{"active":true,"expires_in":61}`)
				pass(62 * time.Second)
				is(http.MethodGet, none)
				is(http.MethodPost, none)
				if len(store.records) != 0 {
					t.Error("asking for the status has begun a session")
				}
			})
		})
	}
}

// POST extends for a request that is passive too, and says no more than the absolute
// timeout allows; a session without any timeout is null.
func TestStatusHandlerLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := keepStore{ttlStore{newMemStore()}}
		v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) {
			o.AbsoluteTimeout = time.Hour
			o.Passive = func(*http.Request) bool { return true }
		}))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		for _, want := range []string{"1200", "1200", "1200", "900"} {
			pass(11*time.Minute + 15*time.Second)
			if _, body := v.ask(v.f.StatusHandler(), http.MethodPost); body != `{"active":true,"expires_in":`+want+`}` {
				t.Errorf("%s, want %s", body, want)
			}
		}
		v = newVisitor(t, newTestFactory(t, store, func(o *session.Options) { o.IdleTimeout = session.Never }))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if _, body := v.ask(v.f.StatusHandler(), method); body != `{"active":true,"expires_in":null}` {
				t.Errorf("%s without a timeout: %s", method, body)
			}
		}
		v = newVisitor(t, newTestFactory(t, store, func(o *session.Options) { o.IdleTimeout, o.AbsoluteTimeout = session.Never, time.Hour }))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		if _, body := v.ask(v.f.StatusHandler(), http.MethodGet); body != `{"active":true,"expires_in":3600}` {
			t.Errorf("with an absolute timeout only: %s", body)
		}
		v = newVisitor(t, newTestFactory(t, newMemStore(), nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		if _, body := v.ask(v.f.StatusHandler(), http.MethodGet); body != `{"active":true,"expires_in":null}` {
			t.Errorf("with a store that does not tell: %s", body)
		}
	})
}

// POST from another site is refused and restarts nothing; other methods are not allowed;
// HEAD has no body.
func TestStatusHandlerMethods(t *testing.T) {
	for mount, handler := range mounts {
		t.Run(mount, func(t *testing.T) {
			store := newMemStore()
			v := newVisitor(t, newTestFactory(t, store, nil))
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			h := handler(v.f)
			store.takeCalls()
			for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.test"}, {"Origin", "null"}} {
				if resp, _ := v.ask(h, http.MethodPost, header...); resp.StatusCode != http.StatusForbidden {
					t.Errorf("%v: status %d", header, resp.StatusCode)
				}
			}
			for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "EXTEND"} {
				resp, _ := v.ask(h, method)
				if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD, POST" {
					t.Errorf("%s: status %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
				}
			}
			if calls := store.takeCalls(); len(calls) != 0 {
				t.Errorf("refused requests send %v", calls)
			}
			resp, body := v.ask(h, http.MethodHead)
			if resp.StatusCode != http.StatusOK || body != "" || resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("HEAD: %d, %q", resp.StatusCode, body)
			}
			if resp, _ := v.ask(h, http.MethodPost, "Sec-Fetch-Site", "same-origin"); resp.StatusCode != http.StatusOK {
				t.Errorf("POST from the page itself: status %d", resp.StatusCode)
			}
		})
	}
}

// A cookie that opens nothing is not active, and a store that does not answer is an error.
func TestStatusHandlerElse(t *testing.T) {
	for mount, handler := range mounts {
		t.Run(mount, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				for _, anonymous := range []bool{false, true} {
					v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) { discardLog(o); o.AnonymousWhenDown = anonymous }))
					h := handler(v.f)
					v.visit(func(s *session.Session) { s.Set("a", 1) })
					old := v.request()
					v.visit(func(s *session.Session) { _ = s.Renew(t.Context()) })
					late := visitorWith(t, v.f, old)
					for _, method := range []string{http.MethodGet, http.MethodPost} {
						if resp, body := late.ask(h, method); resp.StatusCode != http.StatusOK || body != `{"active":false,"expires_in":0}` {
							t.Errorf("%s with the cookie of a renewed session: %d, %s", method, resp.StatusCode, body)
						}
						store.err = errors.New("down")
						if resp, _ := v.ask(h, method); resp.StatusCode != http.StatusServiceUnavailable {
							t.Errorf("%s with the store down: %d", method, resp.StatusCode)
						}
						store.err = nil
						if resp, body := v.ask(h, method); resp.StatusCode != http.StatusOK || !strings.HasPrefix(body, `{"active":true`) {
							t.Errorf("%s: %d, %s", method, resp.StatusCode, body)
						}
					}
				}
			})
		})
	}
}

// A visitor who leaves before the answer is no error of the program's.
func TestStatusHandlerHangUp(t *testing.T) {
	for mount, handler := range mounts {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			var log bytes.Buffer
			store := newMemStore()
			v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) { logLines(o, &log) }))
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			store.err = context.Canceled
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			r := v.request().WithContext(ctx)
			r.Method = method
			handler(v.f).ServeHTTP(httptest.NewRecorder(), r)
			if got := log.String(); !strings.Contains(got, "level=INFO") || strings.Contains(got, "level=ERROR") {
				t.Errorf("%s, %s: logged %q", mount, method, got)
			}
		}
	}
}

// An error handler that answers nothing does not make a failure a success.
func TestStatusHandlerUnanswered(t *testing.T) {
	for mount, handler := range mounts {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			store := newMemStore()
			v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) {
				discardLog(o)
				o.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {}
			}))
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			store.err = errors.New("down")
			if resp, _ := v.ask(handler(v.f), method); resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s, %s: %d", mount, method, resp.StatusCode)
			}
		}
	}
}

// POST sends a rolling cookie again when it is due, GET does not.
func TestStatusHandlerRollsTheCookie(t *testing.T) {
	for mount, handler := range mounts {
		t.Run(mount, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVisitor(t, rollingFactory(t, newMemStore(), nil))
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				pass(2 * day)
				for _, row := range []struct {
					method  string
					cookies int
				}{{http.MethodGet, 0}, {http.MethodPost, 1}, {http.MethodPost, 0}} {
					if resp, _ := v.ask(handler(v.f), row.method); len(resp.Cookies()) != row.cookies {
						t.Errorf("%s: %d cookies", row.method, len(resp.Cookies()))
					}
				}
			})
		})
	}
}
