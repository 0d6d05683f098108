package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// TestPanicWithoutCookie checks cookie_on_exception = false: a panic leaves no
// session that no browser can open, and no cookie that opens nothing.
func TestPanicWithoutCookie(t *testing.T) {
	invalidate := func(t *testing.T, s *session.Session, r *http.Request) {
		if err := s.Invalidate(r.Context()); err != nil {
			t.Error(err)
		}
	}
	renew := func(t *testing.T, s *session.Session, r *http.Request) {
		if err := s.Renew(r.Context()); err != nil {
			t.Error(err)
		}
	}
	begin := func(t *testing.T, s *session.Session, r *http.Request) {
		if _, err := s.CSRFToken(r.Context()); err != nil {
			t.Error(err)
		}
	}
	type step = func(t *testing.T, s *session.Session, r *http.Request)
	const keeps, gets, loses = "keeps the cookie", "gets a cookie", "loses the cookie"
	for name, test := range map[string]struct {
		steps  []step
		known  bool
		cookie string
		opens  bool // the browser's cookie opens the visitor's session afterwards
	}{
		"read":                    {[]step{}, true, keeps, true},
		"invalidate":              {[]step{invalidate}, true, loses, false},
		"renew":                   {[]step{renew}, true, gets, true},
		"renew twice":             {[]step{renew, renew}, true, gets, true},
		"a token":                 {[]step{begin}, true, keeps, true},
		"a token, then renew":     {[]step{begin, renew}, true, gets, true},
		"renew, then invalidate":  {[]step{renew, invalidate}, true, loses, false},
		"invalidate, then begin":  {[]step{invalidate, begin}, true, loses, false},
		"the cookie's lifetime":   {[]step{func(_ *testing.T, s *session.Session, _ *http.Request) { s.AdjustCookieMaxAge(session.MaxCookieAge) }}, true, keeps, true},
		"begin":                   {[]step{begin}, false, keeps, false},
		"begin, then renew":       {[]step{begin, renew}, false, keeps, false},
		"begin, then invalidate":  {[]step{begin, invalidate}, false, loses, false},
		"begin, and set the next": {[]step{begin, func(_ *testing.T, s *session.Session, _ *http.Request) { s.Set("k", 1) }}, false, keeps, false},
	} {
		t.Run(name, func(t *testing.T) {
			inEachFormat(t, func(t *testing.T, store *memStore, format func(*session.Options)) {
				f := newTestFactory(t, store, func(o *session.Options) { format(o); o.Cookie.SkipOnPanic = true })
				v := newVisitor(t, f)
				if test.known {
					v = started(t, f)
				}
				var seen any
				w := httptest.NewRecorder()
				recovered(f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					for _, step := range test.steps {
						step(t, s, r)
					}
					s.Set("unsaved", true)
					panic("a reason")
				})), &seen).ServeHTTP(w, v.request())
				cookies := w.Result().Cookies()
				got := keeps
				if len(cookies) == 1 {
					got = gets
					if cookies[0].MaxAge < 0 {
						got = loses
					}
				}
				if got != test.cookie || len(cookies) > 1 {
					t.Errorf("the visitor %s, want %s: %v", got, test.cookie, cookies)
				}
				v.keep(cookies...)
				opened := false
				v.visit(func(s *session.Session) {
					opened = s.Has("cart")
					if s.Has("unsaved") {
						t.Error("what was not saved before the panic is there")
					}
				})
				if opened != test.opens {
					t.Errorf("the cookie opens the session: %v, want %v", opened, test.opens)
				}
				left := 0
				for _, r := range store.records {
					if time.Until(r.expires) > session.MarkerTTL { // not a marker
						left++
					}
				}
				if want := map[bool]int{true: 1}[test.opens]; left != want {
					t.Errorf("%d sessions are left, want %d", left, want)
				}
			})
		})
	}
}

// Factory.Invalidate, which has loaded nothing, takes the cookie too.
func TestPanicWithoutCookieAfterFactoryInvalidate(t *testing.T) {
	inEachFormat(t, func(t *testing.T, store *memStore, format func(*session.Options)) {
		for _, thenBegin := range []bool{false, true} {
			f := newTestFactory(t, store, func(o *session.Options) { format(o); o.Cookie.SkipOnPanic = true })
			v := started(t, f)
			var seen any
			w := httptest.NewRecorder()
			recovered(f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if err := f.Invalidate(r); err != nil {
					t.Error(err)
				}
				if thenBegin {
					if s, err := f.Get(r); err != nil {
						t.Error(err)
					} else if _, err := s.CSRFToken(r.Context()); err != nil {
						t.Error(err)
					}
				}
				panic("a reason")
			})), &seen).ServeHTTP(w, v.request())
			if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || len(store.records) > 0 {
				t.Errorf("cookies %v, %d records", c, len(store.records))
			}
		}
	})
}
