package session_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// TestVaryOnAnyAccess: whatever way a handler has of depending on the session,
// caches are told. (Once it has a Session, it has asked for it already.)
func TestVaryOnAnyAccess(t *testing.T) {
	for name, access := range map[string]func(f *session.Factory, r *http.Request) error{
		"Factory.Get":            func(f *session.Factory, r *http.Request) error { _, err := f.Get(r); return err },
		"FromRequest":            func(_ *session.Factory, r *http.Request) error { _, err := session.FromRequest(r); return err },
		"Factory.Invalidate":     func(f *session.Factory, r *http.Request) error { return f.Invalidate(r) },
		"CheckCSRF":              func(_ *session.Factory, r *http.Request) error { return session.CheckCSRF(r) },
		"with a request's clone": func(f *session.Factory, r *http.Request) error { _, err := f.Get(r.Clone(r.Context())); return err },
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead} {
			for _, known := range []bool{false, true} {
				f := newTestFactory(t, newMemStore(), nil)
				r := httptest.NewRequest(method, "/", nil)
				if known {
					r.AddCookie(seed(t, f))
				}
				w := httptest.NewRecorder()
				f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if err := access(f, r); err != nil && !errors.Is(err, session.ErrCSRF) {
						t.Error(err)
					}
					_, _ = io.WriteString(w, pageText)
				})).ServeHTTP(w, r)
				if vary := w.Result().Header["Vary"]; len(vary) != 1 || vary[0] != "Cookie" {
					t.Errorf("%s, %s, known %v: Vary: %q", name, method, known, vary)
				}
			}
		}
	}
}
