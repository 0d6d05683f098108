package session_test

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

const testSecret = "a secret for tests, of more than 32 bytes"

// newTestFactory returns a factory on store; edit, when not nil, changes its
// options.
func newTestFactory(t testing.TB, store session.Store, edit func(*session.Options)) *session.Factory {
	t.Helper()
	opts := &session.Options{Secret: testSecret}
	if edit != nil {
		edit(opts)
	}
	f, err := session.NewFactory(store, opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// siteVisitor is a browser of one factory: it keeps cookies between the requests it makes.
type siteVisitor struct {
	t   testing.TB
	f   *session.Factory
	jar http.CookieJar
}

var testURL = &url.URL{Scheme: "https", Host: "example.test", Path: "/"}

func newVisitor(t testing.TB, f *session.Factory) *siteVisitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &siteVisitor{t, f, jar}
}

// request returns a request with the visitor's cookies.
func (v *siteVisitor) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, testURL.String(), nil)
	for _, c := range v.jar.Cookies(testURL) {
		r.AddCookie(c)
	}
	return r
}

// serve makes a request that handler answers under Factory.Handler.
func (v *siteVisitor) serve(handler http.HandlerFunc) *http.Response {
	w := httptest.NewRecorder()
	v.f.Handler(handler).ServeHTTP(w, v.request())
	resp := w.Result()
	v.jar.SetCookies(testURL, resp.Cookies())
	return resp
}

// visit makes a request whose handler is use and fails the test unless it is
// answered with 200.
func (v *siteVisitor) visit(use func(s *session.Session)) *http.Response {
	v.t.Helper()
	resp := v.serve(func(_ http.ResponseWriter, r *http.Request) {
		s, err := v.f.Get(r)
		if err != nil {
			v.t.Error(err)
			return
		}
		use(s)
	})
	if resp.StatusCode != http.StatusOK {
		v.t.Errorf("status %d", resp.StatusCode)
	}
	return resp
}

// jarOf returns a jar with the cookies of a request.
func jarOf(r *http.Request) http.CookieJar {
	jar, _ := cookiejar.New(nil)
	jar.SetCookies(testURL, r.Cookies())
	return jar
}

// discardLog is for tests that expect errors in the log and do not look there.
func discardLog(o *session.Options) { o.Logger = slog.New(slog.DiscardHandler) }

// pass lets time pass in a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }
