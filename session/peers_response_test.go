package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// Defects of others that have to do with when a response goes out.

// scs: changes after the first Write are lost without a word. A session that
// the browser has is saved when the handler returns; one that would need a
// cookie cannot be, and the log says so.
func TestPeersChangesAfterTheFirstWrite(t *testing.T) {
	var log strings.Builder
	f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	v := newVisitor(t, f)
	page := func(w http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, "page")
		s.Set("a", 1)
	}
	v.serve(page)
	if !strings.Contains(log.String(), "ERROR") {
		t.Errorf("a session that was begun too late was lost without an error; the log is %q", log.String())
	}
	v.visit(func(s *session.Session) { s.Set("b", 2) })
	v.serve(page)
	v.visit(func(s *session.Session) {
		if !s.Has("a") {
			t.Error("a change after the first Write was lost")
		}
	})
}

// scs: a Flush before the first Write drops the cookie. So would any other way
// to send the header.
func TestPeersFlushFirst(t *testing.T) {
	ways := map[string]func(w http.ResponseWriter){
		"Flush":      func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"controller": func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"ReadFrom":   func(w http.ResponseWriter) { _, _ = io.Copy(w, io.MultiReader(strings.NewReader("page"))) },
		"WriteString": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "page")
		},
		"WriteHeader": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
		"nothing":     func(http.ResponseWriter) {},
	}
	for name, send := range ways {
		t.Run(name, func(t *testing.T) {
			f := newTestFactory(t, newMemStore(), nil)
			server := httptest.NewServer(f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Error(err)
				}
				s.Set("a", 1)
				send(w)
			})))
			defer server.Close()
			resp, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if len(resp.Cookies()) != 1 {
				t.Errorf("the response has the cookies %v", resp.Cookies())
			}
		})
	}
}

// scs: WriteHeader(103) commits early, and what comes after is lost.
func TestPeersEarlyHints(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := newVisitor(t, f)
	server := httptest.NewServer(f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusEarlyHints)
		s.Set("a", 1)
	})))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	v.keep(resp.Cookies()...)
	v.visit(func(s *session.Session) {
		if !s.Has("a") {
			t.Error("what was set after 103 Early Hints is lost")
		}
	})
}

// scs: a handler that panics saves nothing, and the browser does not hear of
// what was saved before.
func TestPeersPanic(t *testing.T) {
	for _, skip := range []bool{false, true} {
		store := newMemStore()
		f := newTestFactory(t, store, func(o *session.Options) { o.Cookie.SkipOnPanic = skip })
		v := newVisitor(t, f)
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the panic did not go on")
				}
			}()
			f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				s, _ := f.Get(r)
				if _, err := s.CSRFToken(r.Context()); err != nil { // saves
					t.Error(err)
				}
				s.Set("unsaved", true)
				panic("boom")
			})).ServeHTTP(w, v.request())
		}()
		if records, cookies := len(store.records), len(w.Result().Cookies()); records != cookies || (cookies == 0) != skip {
			t.Errorf("SkipOnPanic %v: %d records, %d cookies", skip, records, cookies)
		}
	}
}

// scs: when the save fails, 500 goes out and then the page's body.
func TestPeersFailedSave(t *testing.T) {
	store := newMemStore()
	v := newVisitor(t, newTestFactory(t, store, nil))
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	v.f = newTestFactory(t, meanwhile(store, "replace", func() { store.err = errors.New("the disk is full") }), nil)
	resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
		s, err := v.f.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		s.Set("a", 2)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "your order is placed")
	})
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(body), "order") || strings.Contains(string(body), "disk") {
		t.Errorf("the visitor got %d %q", resp.StatusCode, body)
	}
}

// gin-contrib: Redis is down, and the answer is 200 with an empty session.
func TestPeersRedisDown(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("user", "ann") })
	store.err = errors.New("connection refused")
	resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
		if s, err := f.Get(r); s != nil || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("Get returned %v, %v", s, err)
		}
		fmt.Fprint(w, "welcome, whoever you are") // an application that does not look at the error
	})
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(body), "welcome") {
		t.Errorf("the visitor got %d %q", resp.StatusCode, body)
	}
}

// rbcervilla and iris adopt any ID that the client sends.
func TestPeersAdoptedID(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	signed := v.request().Cookies()[0].Value
	if err := f.Invalidate(v.request()); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"chosen", strings.Repeat("A", 86) + "chosen", signed} { // the last one verifies
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: session.DefaultCookieName, Value: value})
		s, err := f.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		if s.Set("a", 1); f.Save(httptest.NewRecorder(), r, s) != nil || s.ID() == "" || strings.HasSuffix(s.ID(), "chosen") {
			t.Errorf("the cookie %.10q… made the session %q", value, s.ID())
		}
		if id, _ := session.SignerOf(f).Verify(signed); id == s.ID() {
			t.Error("the ID of a session that has ended was used again")
		}
	}
}

// fiber: five anonymous visits make five keys.
func TestPeersAnonymousVisits(t *testing.T) {
	store := newMemStore()
	v := newVisitor(t, newTestFactory(t, store, nil))
	for range 5 {
		resp := v.visit(func(s *session.Session) { s.Get("a"); s.PopFlash(""); s.Delete("b"); s.Clear() })
		if len(resp.Cookies()) > 0 {
			t.Errorf("a visit that only reads sets %v", resp.Cookies())
		}
	}
	if calls := store.takeCalls(); len(calls) > 0 {
		t.Errorf("five anonymous visits sent %v", calls)
	}
}

// pyramid_session_redis: a response that may not carry the cookie orphans a
// key.
func TestPeersCookieRefused(t *testing.T) {
	store := newMemStore()
	v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) {
		o.AllowCookie = func(h http.Header) bool { return h.Get("Cache-Control") == "" }
	}))
	v.serve(func(w http.ResponseWriter, r *http.Request) {
		s, _ := v.f.Get(r)
		s.Set("a", 1)
		w.Header().Set("Cache-Control", "public")
	})
	if len(store.records) != 0 {
		t.Error("a record was made that nobody can find")
	}
}

// pyramid_session_redis: two factories share the first one's connection.
func TestPeersTwoFactories(t *testing.T) {
	one, two := newMemStore(), newMemStore()
	first := newTestFactory(t, one, nil)
	second := newTestFactory(t, two, func(o *session.Options) { o.Cookie.Name = "other" })
	handler := first.Handler(second.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, f := range []*session.Factory{first, second} {
			s, err := f.Get(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.CSRFToken(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if len(one.records) != 1 || len(two.records) != 1 || len(w.Result().Cookies()) != 2 {
		t.Errorf("%d and %d records, cookies %v", len(one.records), len(two.records), w.Result().Cookies())
	}
}
