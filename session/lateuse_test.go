package session_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// lateUses are the ways to ask for the session after the first byte.
var lateUses = map[string]func(f *session.Factory, r *http.Request){
	"Get":         func(f *session.Factory, r *http.Request) { _, _ = f.Get(r) },
	"FromRequest": func(_ *session.Factory, r *http.Request) { _, _ = session.FromRequest(r) },
	"Invalidate":  func(f *session.Factory, r *http.Request) { _ = f.Invalidate(r) },
	"CheckCSRF":   func(_ *session.Factory, r *http.Request) { _ = session.CheckCSRF(r) },
}

// TestSessionAskedForLateIsLogged: a session that is first asked for after the
// first byte comes too late for the Vary header. The log says so, once for each
// route, unless the response keeps caches away by itself.
func TestSessionAskedForLateIsLogged(t *testing.T) {
	for use, ask := range lateUses {
		for name, test := range map[string]struct {
			header http.Header
			early  bool
			lines  int // for two requests each to two routes
		}{
			"nothing is said to caches":   {nil, false, 2},
			"Vary names something else":   {http.Header{"Vary": {"Accept-Encoding"}}, false, 2},
			"Vary: Cookie":                {http.Header{"Vary": {"Accept-Encoding, cookie"}}, false, 0},
			"Vary: *":                     {http.Header{"Vary": {"*"}}, false, 0},
			"Cache-Control: no-store":     {http.Header{"Cache-Control": {"no-store"}}, false, 0},
			"Cache-Control: private":      {http.Header{"Cache-Control": {"max-age=60, private"}}, false, 0},
			"Cache-Control: public":       {http.Header{"Cache-Control": {"public"}}, false, 2},
			"it was asked for before too": {nil, true, 0},
		} {
			t.Run(use+"/"+name, func(t *testing.T) {
				var log bytes.Buffer
				f := newTestFactory(t, newMemStore(), func(o *session.Options) { logLines(o, &log) })
				mux := http.NewServeMux()
				for _, route := range []string{"/a/{id}", "/b"} {
					mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
						for name, lines := range test.header {
							w.Header()[name] = lines
						}
						if test.early {
							_, _ = f.Get(r)
						}
						_, _ = io.WriteString(w, pageText)
						ask(f, r)
					})
				}
				for _, path := range []string{"/a/1", "/a/2", "/b", "/b"} {
					f.Handler(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
				}
				got := log.String()
				if strings.Count(got, "level=ERROR") != test.lines || strings.Count(got, "no Vary: Cookie") != test.lines {
					t.Errorf("want %d lines:\n%s", test.lines, got)
				}
				if test.lines > 0 && (!strings.Contains(got, "route=/a/{id}") || !strings.Contains(got, "route=/b")) {
					t.Errorf("the log does not name the routes:\n%s", got)
				}
			})
		}
	}
}

// A load that fails when the page is out already is in the log at least.
func TestFailedLoadAfterTheFirstByte(t *testing.T) {
	for use, ask := range lateUses {
		var log bytes.Buffer
		store := newMemStore()
		f := newTestFactory(t, store, func(o *session.Options) { logLines(o, &log) })
		v := started(t, f)
		store.err = errRefused
		log.Reset()
		v.serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Cookie")
			_, _ = io.WriteString(w, pageText)
			ask(f, r)
		})
		if got := log.String(); !strings.Contains(got, "level=ERROR msg=\"session: the page had been sent when this failed\"") {
			t.Errorf("%s: log: %s", use, got)
		}
	}
}
