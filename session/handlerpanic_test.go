package session_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// recovered is middleware as applications have it outside the session's.
func recovered(next http.Handler, seen *any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if *seen = recover(); *seen != nil {
				http.Error(w, "sorry", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// TestHandlerPanics checks what a panic leaves: it goes on unchanged, what was
// saved stays, and the cookie follows cookie_on_exception.
func TestHandlerPanics(t *testing.T) {
	// begin saves a new session at once, as a page with a form does.
	begin := func(t *testing.T, s *session.Session) {
		if _, err := s.CSRFToken(t.Context()); err != nil {
			t.Error(err)
		}
	}
	tests := []struct {
		name        string
		known       bool
		skipOnPanic bool
		before      func(t *testing.T, s *session.Session)
		write       bool // a byte goes out before the panic
		cookies     int
		records     int
		keys        int // that the visitor still has, in the session he came with
	}{
		{name: "what is not saved is lost", before: func(_ *testing.T, s *session.Session) { s.Set("k", 1) }},
		{name: "a session that has begun keeps its cookie", before: begin, cookies: 1, records: 1},
		{name: "or is taken back", skipOnPanic: true, before: begin},
		{name: "the changes since the last save are lost", known: true, records: 1, keys: 1,
			before: func(_ *testing.T, s *session.Session) { s.Set("k", 1) }},
		{name: "a renewed session keeps its new cookie", known: true, cookies: 1, records: 2,
			before: func(t *testing.T, s *session.Session) {
				if err := s.Renew(t.Context()); err != nil {
					t.Error(err)
				}
			}},
		{name: "a session that has ended has", known: true, cookies: 1,
			before: func(t *testing.T, s *session.Session) {
				if err := s.Invalidate(t.Context()); err != nil {
					t.Error(err)
				}
			}},
		{name: "after the first byte all until then is saved", known: true, write: true, records: 1, keys: 2,
			before: func(_ *testing.T, s *session.Session) { s.Set("k", 1) }},
	}
	for _, test := range tests {
		for _, value := range []any{"a reason", errors.New("an error"), http.ErrAbortHandler} {
			t.Run(test.name, func(t *testing.T) {
				store := newMemStore()
				f := newTestFactory(t, store, func(o *session.Options) { o.Cookie.SkipOnPanic = test.skipOnPanic })
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				if test.known {
					r.AddCookie(seed(t, f))
				}
				var seen any
				w := httptest.NewRecorder()
				recovered(f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					test.before(t, s)
					if test.write {
						_, _ = io.WriteString(w, pageText)
						s.Set("late", 1)
					}
					panic(value)
				})), &seen).ServeHTTP(w, r)
				if seen != value {
					t.Errorf("the panic's value is %v, want %v", seen, value)
				}
				resp := w.Result()
				if n := len(resp.Cookies()); n != test.cookies {
					t.Errorf("%d cookies, want %d", n, test.cookies)
				}
				if vary := resp.Header["Vary"]; len(vary) != 1 {
					t.Errorf("Vary: %q", vary)
				}
				if len(store.records) != test.records {
					t.Errorf("%d records, want %d", len(store.records), test.records)
				}
				if s, err := f.Get(r); err != nil || s.Len() != test.keys {
					t.Errorf("%d keys are left, want %d (%v)", s.Len(), test.keys, err)
				}
			})
		}
	}
}

// A handler that never asked for its session panics as if there were none, and
// one whose load failed leaves nothing for a cache to mix up.
func TestHandlerPanicWithoutSession(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, discardLog)
	cookie := seed(t, f)
	store.err = errRefused
	for _, get := range []bool{false, true} {
		var seen any
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(cookie)
		recovered(f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if get {
				_, err := f.Get(r)
				panic(err)
			}
			panic("a reason")
		})), &seen).ServeHTTP(w, r)
		if seen == nil || w.Code != http.StatusInternalServerError {
			t.Errorf("status %d, panic %v", w.Code, seen)
		}
		if vary := w.Result().Header["Vary"]; (len(vary) == 1) != get {
			t.Errorf("Vary: %q", vary)
		}
	}
}

// Goexit is what t.FailNow does in a handler: it ends like a panic.
func TestHandlerGoexit(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Handler(withSession(t, f, func(s *session.Session) {
			s.Set("k", 1)
			runtime.Goexit()
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	<-done
	if calls := store.takeCalls(); len(calls) > 0 {
		t.Errorf("commands %q", calls)
	}
}

// A codec of the application's that panics while the page is about to go out
// leaves no lock behind, and the panic goes on.
func TestHandlerPanicInTheSave(t *testing.T) {
	f := newTestFactory(t, newMemStore(), func(o *session.Options) {
		o.Codec.Encode = func(any) ([]byte, error) { panic("a bug in the codec") }
		o.Codec.Decode = func([]byte, any) error { return nil }
	})
	var seen any
	w := httptest.NewRecorder()
	recovered(f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("k", "v")
		_, _ = io.WriteString(w, pageText)
	})), &seen).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if seen == nil || bytes.Contains(w.Body.Bytes(), []byte(pageText)) {
		t.Errorf("panic %v, body %q", seen, w.Body)
	}
}

// A hook of the application's that panics in the load, where the application
// recovers by itself: whoever asks again gets an error and not a session that is
// none, and the page does not go out.
func TestHandlerPanicInTheLoad(t *testing.T) {
	f := newTestFactory(t, newMemStore(), func(o *session.Options) {
		discardLog(o)
		o.OnInvalid = func(*http.Request, error) { panic("a bug in the hook") }
	})
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", session.DefaultCookieName+"=forged")
	f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		func() {
			defer func() { _ = recover() }()
			_, _ = f.Get(r)
		}()
		if s, err := f.Get(r); s != nil || err == nil {
			t.Errorf("Get: %v, %v", s, err)
		}
		_, _ = io.WriteString(w, pageText)
	})).ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || bytes.Contains(w.Body.Bytes(), []byte(pageText)) {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}
