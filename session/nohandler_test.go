package session_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// defaultLog makes a buffer slog's default logger for the test.
func defaultLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

// A handler that no Handler was put around is a mistake in the program, which the
// log tells once for each route, without the URL, which may hold secrets.
func TestNoHandlerIsLogged(t *testing.T) {
	log := defaultLog(t)
	mux := http.NewServeMux()
	for _, route := range []string{"GET /a/{id}", "/b"} {
		mux.HandleFunc(route, func(_ http.ResponseWriter, r *http.Request) {
			if s, err := session.FromRequest(r); s != nil || !errors.Is(err, session.ErrNoHandler) {
				t.Errorf("FromRequest: %v, %v", s, err)
			}
			if err := session.CheckCSRF(r); !errors.Is(err, session.ErrNoHandler) {
				t.Errorf("CheckCSRF: %v", err)
			}
		})
	}
	for _, path := range []string{"/a/secret1", "/a/secret2", "/b", "/a/secret1", "/b?secret"} {
		mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	got := log.String()
	if strings.Count(got, "level=ERROR") != 2 || strings.Count(got, "\n") != 2 {
		t.Errorf("want one line for each route:\n%s", got)
	}
	for _, want := range []string{`route="GET /a/{id}"`, "route=/b", "factory.Handler(mux)", session.ErrNoHandler.Error()} {
		if !strings.Contains(got, want) {
			t.Errorf("the log does not say %s:\n%s", want, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Errorf("the log has the URL:\n%s", got)
	}
}

// Factory.Get without a Handler is for those who call Save, and no mistake.
func TestGetWithoutHandlerIsNoMistake(t *testing.T) {
	log := defaultLog(t)
	f := newTestFactory(t, newMemStore(), nil)
	if _, err := f.Get(httptest.NewRequest(http.MethodGet, "/", nil)); err != nil || log.Len() > 0 {
		t.Errorf("%v, log: %s", err, log)
	}
}

// CSRFProtection outside the Handler does not tell every visitor that the form
// came from elsewhere: it is the program's fault, also for a Denied that answers
// everything alike.
func TestCSRFProtectionOutsideTheHandler(t *testing.T) {
	for name, p := range map[string]*session.CSRFProtection{
		"by default": {},
		"Denied is set": {Denied: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "no", http.StatusForbidden)
		}},
	} {
		for _, format := range formats {
			log := defaultLog(t)
			f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Format = format })
			app := http.NewServeMux()
			app.HandleFunc("/form", func(http.ResponseWriter, *http.Request) {})
			h := p.Handler(f.Handler(app))
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPost} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(method, "/form", nil))
				if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "site") {
					t.Errorf("%s, %s: status %d, body %q", name, method, w.Code, w.Body)
				}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/form", nil))
			if w.Code != http.StatusOK {
				t.Errorf("%s: a GET got %d", name, w.Code)
			}
			if got := log.String(); strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, "CSRFProtection") {
				t.Errorf("%s: log: %s", name, got)
			}
		}
	}
}
