package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
)

const day = 24 * time.Hour

// rollingFactory returns a factory whose cookie lives for ten days, and its sessions
// for longer.
func rollingFactory(t *testing.T, store session.Store, edit func(*session.Options)) *session.Factory {
	return newTestFactory(t, store, func(o *session.Options) {
		discardLog(o)
		o.IdleTimeout, o.Cookie.MaxAge = 100*day, 10*day
		o.Passive = func(r *http.Request) bool { return r.Header.Get("X-Background") != "" }
		if edit != nil {
			edit(o)
		}
	})
}

// rollings are the ways in which a cookie may have a Max-Age, in each kind of record.
var rollings = map[string]struct {
	edit  func(*session.Options)
	begin func(s *session.Session)
}{
	"the factory's":         {nil, func(s *session.Session) { s.Set("a", 1) }},
	"encrypted":             {func(o *session.Options) { o.EncryptionKeys = [][]byte{make([]byte, 32)} }, func(s *session.Session) { s.Set("a", 1) }},
	"one codec":             {func(o *session.Options) { o.Codec = encode.JSON }, func(s *session.Session) { s.Set("a", 1) }},
	"expiry in the record":  {func(o *session.Options) { o.ExpiryInRecord = true; o.TouchAfter = 50 * day }, func(s *session.Session) { s.Set("a", 1) }},
	"the session's":         {func(o *session.Options) { o.Cookie.MaxAge = 0 }, func(s *session.Session) { s.Set("a", 1); s.AdjustCookieMaxAge(10 * day) }},
	"remembered":            {func(o *session.Options) { o.Cookie.MaxAge = 0; o.IdleTimeout = 0 }, func(s *session.Session) { s.Set("a", 1); s.Remember(10 * day) }},
	"shorter than usual":    {func(o *session.Options) { o.Cookie.MaxAge = 300 * day }, func(s *session.Session) { s.Set("a", 1); s.AdjustCookieMaxAge(10 * day) }},
	"remembered in a visit": {func(o *session.Options) { o.Cookie.MaxAge = 0 }, func(s *session.Session) { s.Set("a", 1); s.AdjustCookieMaxAge(10*day - 500*time.Millisecond) }},
}

// An active visitor keeps the cookie for as long as he comes: it is sent again when a
// tenth of its Max-Age has passed, with one write, and not before.
func TestRollingCookie(t *testing.T) {
	for name, row := range rollings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				v := newVisitor(t, rollingFactory(t, store, row.edit))
				v.visit(row.begin)
				for hour := 8; hour <= 30*24; hour += 8 {
					pass(8 * time.Hour)
					store.takeCalls()
					resp := v.visit(func(s *session.Session) {
						if s.IsNew() {
							t.Fatalf("hour %d: the visitor is logged out", hour)
						}
						s.Get("a")
					})
					cookies, calls := resp.Cookies(), store.takeCalls()
					due := hour%24 == 0
					if (len(cookies) == 1) != due || slices.Contains(calls, "replace") != due {
						t.Fatalf("hour %d: %d cookies, %v", hour, len(cookies), calls)
					}
					if due && (cookies[0].MaxAge != int(10*day/time.Second) || cookies[0].Value == "" || resp.Header.Get("Cache-Control") != "no-store") {
						t.Errorf("hour %d: the cookie is %v", hour, cookies[0])
					}
				}
			})
		})
	}
}

// A write that is made anyway notes the cookie: no other one is needed, and the session
// keeps what it holds.
func TestRollingCookieWithAWrite(t *testing.T) {
	writes := map[string]func(s *session.Session){
		"set":   func(s *session.Session) { s.Set("b", 2) },
		"csrf":  func(s *session.Session) { _, _ = s.CSRFToken(context.Background()) },
		"renew": func(s *session.Session) { _ = s.Renew(context.Background()) },
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				v := newVisitor(t, rollingFactory(t, store, nil))
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				pass(2 * day)
				store.takeCalls()
				resp := v.visit(write)
				want := map[string]int{"set": 2, "csrf": 2, "renew": 3}[name]
				if calls := store.takeCalls(); len(resp.Cookies()) != 1 || len(calls) != want {
					t.Errorf("%d cookies, %v", len(resp.Cookies()), calls)
				}
				pass(23 * time.Hour)
				resp = v.visit(func(s *session.Session) {
					if !s.Has("a") {
						t.Error("the session has lost its data")
					}
				})
				if calls := store.takeCalls(); len(resp.Cookies()) != 0 || len(calls) != 1 {
					t.Errorf("a day has not passed, and there are %d cookies, %v", len(resp.Cookies()), calls)
				}
			})
		})
	}
}

// Requests that must not, or cannot, send the cookie again.
func TestRollingCookieNotSent(t *testing.T) {
	refuse := false
	rows := map[string]struct {
		edit func(*session.Options)
		do   func(v *siteVisitor, store *memStore) *http.Response
	}{
		"passive": {nil, func(v *siteVisitor, _ *memStore) *http.Response {
			r := v.request()
			r.Header.Set("X-Background", "1")
			w := httptest.NewRecorder()
			v.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = v.f.Get(r) })).ServeHTTP(w, r)
			return w.Result()
		}},
		"not used": {nil, func(v *siteVisitor, _ *memStore) *http.Response {
			return v.serve(func(http.ResponseWriter, *http.Request) {})
		}},
		"after the header": {nil, func(v *siteVisitor, _ *memStore) *http.Response {
			return v.serve(func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).Flush()
				_, _ = v.f.Get(r)
			})
		}},
		"refused": {func(o *session.Options) { o.AllowCookie = func(http.Header) bool { return !refuse } }, func(v *siteVisitor, _ *memStore) *http.Response {
			refuse = true
			defer func() { refuse = false }()
			return v.visit(func(*session.Session) {})
		}},
		"no max age": {func(o *session.Options) { o.Cookie.MaxAge = 0 }, func(v *siteVisitor, _ *memStore) *http.Response { return v.visit(func(*session.Session) {}) }},
		"pyramid_redis_sessions": {func(o *session.Options) { o.Format = session.FormatPyramidRedisSessions }, func(v *siteVisitor, _ *memStore) *http.Response {
			return v.visit(func(*session.Session) {})
		}},
		"pyramid_session_redis": {func(o *session.Options) { o.Format = session.FormatPyramidSessionRedis }, func(v *siteVisitor, _ *memStore) *http.Response {
			return v.visit(func(*session.Session) {})
		}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				v := newVisitor(t, rollingFactory(t, store, row.edit))
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				pass(2 * day)
				store.takeCalls()
				resp := row.do(v, store)
				if calls := store.takeCalls(); len(resp.Cookies()) != 0 || slices.Contains(calls, "replace") {
					t.Errorf("%d cookies, %v", len(resp.Cookies()), calls)
				}
			})
		})
	}
}

// A session that is ended or renewed while the cookie is due gets none, and two requests
// that send it at once do not disturb each other.
func TestRollingCookieMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(t, rollingFactory(t, newMemStore(), nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		pass(2 * day)
		var inner *http.Response
		outer := v.visit(func(*session.Session) {
			inner = v.visit(func(s *session.Session) { s.Set("b", 1) })
		})
		if len(outer.Cookies()) != 1 || len(inner.Cookies()) != 1 {
			t.Errorf("%d and %d cookies", len(outer.Cookies()), len(inner.Cookies()))
		}
		v.visit(func(s *session.Session) {
			if !s.Has("b") {
				t.Error("the write of the other request is lost")
			}
		})
		pass(2 * day)
		outer = v.visit(func(*session.Session) {
			inner = v.visit(func(s *session.Session) { _ = s.Renew(t.Context()) })
		})
		if len(outer.Cookies()) != 0 || len(inner.Cookies()) != 1 {
			t.Errorf("beside a renewal %d cookies are sent, by the renewal %d", len(outer.Cookies()), len(inner.Cookies()))
		}
		v.visit(func(s *session.Session) {
			if !s.Has("b") {
				t.Error("the old cookie took the place of the renewed session's")
			}
		})
		pass(2 * day)
		outer = v.visit(func(*session.Session) {
			v.visit(func(s *session.Session) { _ = s.Invalidate(t.Context()) })
		})
		if len(outer.Cookies()) != 0 {
			t.Errorf("a session that has ended gets the cookie %v", outer.Cookies())
		}
	})
}

// Records from before there was a note: the cookie counts as sent when the session
// began. TestCookieFieldOfOldRecords (internal/record) has the max age.
func TestRollingCookieOfOldRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, rollingFactory(t, store, func(o *session.Options) { o.Cookie.MaxAge = 0 }))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		v.f = rollingFactory(t, store, nil)
		for _, due := range []bool{false, true, false} {
			pass(20 * time.Hour)
			if resp := v.visit(func(*session.Session) {}); (len(resp.Cookies()) == 1) != due {
				t.Errorf("due %v: %d cookies", due, len(resp.Cookies()))
			}
		}
	})
}

// A note from a clock that was far ahead does not keep the cookie from being sent.
func TestRollingCookieClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := rollingFactory(t, newMemStore(), nil)
		v := newVisitor(t, f)
		session.SetClock(f, func() time.Time { return time.Now().Add(20 * 365 * day) })
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		session.SetClock(f, time.Now)
		for _, due := range []bool{true, false} {
			if resp := v.visit(func(*session.Session) {}); (len(resp.Cookies()) == 1) != due {
				t.Errorf("due %v: %d cookies", due, len(resp.Cookies()))
			}
		}
	})
}
