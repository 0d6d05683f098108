package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// With AnonymousWhenDown a request that only reads gets a page, and one that
// changes its session does not, also when the change is to take something away:
// that it is not in the empty session does not mean that it is not there.
func TestAnonymousWhenDown(t *testing.T) {
	for name, test := range map[string]struct {
		use     func(s *session.Session)
		changes bool
	}{
		"read": {func(s *session.Session) { s.Get("a"); s.Keys(); session.Value[int](s, "a") }, false},
		// Every page shows the messages that there are, and there are none.
		"pop the messages": {func(s *session.Session) { s.PopFlash("") }, false},
		"pop":              {func(s *session.Session) { s.Pop("a") }, false},
		"set":              {func(s *session.Session) { s.Set("a", 1) }, true},
		"default":          {func(s *session.Session) { s.SetDefault("a", 1) }, true},
		"delete":           {func(s *session.Session) { s.Delete("a") }, true},
		"clear":            {func(s *session.Session) { s.Clear() }, true},
		"clear, then pop":  {func(s *session.Session) { s.Clear(); s.PopFlash("") }, true},
		"flash":            {func(s *session.Session) { s.Flash("", "hello") }, true},
		"timeout":          {func(s *session.Session) { s.AdjustTimeout(time.Hour) }, true},
		"remember":         {func(s *session.Session) { s.Remember(time.Hour) }, true},
		"forget":           {func(s *session.Session) { s.Forget() }, true},
		"modify to nil":    {func(s *session.Session) { s.Modify("a", func(any) any { return nil }) }, true},
		"set and pop":      {func(s *session.Session) { s.Set("a", 2); s.Pop("a") }, true},
		"new token":        {func(s *session.Session) { s.NewCSRFToken() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemStore()
			f := newTestFactory(t, store, func(o *session.Options) { discardLog(o); o.AnonymousWhenDown = true })
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			store.err = errRefused
			want := http.StatusOK
			if test.changes {
				want = http.StatusServiceUnavailable
			}
			resp := v.serve(withSession(t, f, test.use))
			if resp.StatusCode != want || len(resp.Cookies()) > 0 {
				t.Errorf("status %d and %d cookies, want %d and none", resp.StatusCode, len(resp.Cookies()), want)
			}
		})
	}
}

// A form whose session could not be loaded may have been right: it is refused as
// what it is, and its visitor is not told that it came from another site.
func TestCSRFProtectionWhenDown(t *testing.T) {
	inEachFormat(t, func(t *testing.T, store *memStore, format func(*session.Options)) {
		f := newTestFactory(t, store, func(o *session.Options) { format(o); discardLog(o); o.AnonymousWhenDown = true })
		v := newVisitor(t, f)
		var token string
		v.visit(func(s *session.Session) { token, _ = s.CSRFToken(t.Context()) })
		post := func(p *session.CSRFProtection) int {
			r := v.request()
			r.Method = http.MethodPost
			r.Header.Set(session.CSRFHeader, token)
			w := httptest.NewRecorder()
			f.Handler(p.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))).ServeHTTP(w, r)
			return w.Code
		}
		var denied error
		own := &session.CSRFProtection{Denied: func(w http.ResponseWriter, _ *http.Request, err error) {
			denied = err
			w.WriteHeader(http.StatusTeapot)
		}}
		if code := post(own); code != http.StatusOK {
			t.Fatalf("status %d", code)
		}
		store.err = errRefused
		if code := post(new(session.CSRFProtection)); code != http.StatusServiceUnavailable {
			t.Errorf("status %d", code)
		}
		if code := post(own); code != http.StatusTeapot || !errors.Is(denied, session.ErrUnavailable) || errors.Is(denied, session.ErrCSRF) {
			t.Errorf("status %d, error %v", code, denied)
		}
	})
}
