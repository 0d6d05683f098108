package session_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/visitor"
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

// siteVisitor is a visitor of one factory.
type siteVisitor struct {
	*visitor.Visitor
	t testing.TB
	f *session.Factory
}

const testURL = "https://example.test/"

func newVisitor(t testing.TB, f *session.Factory) *siteVisitor {
	return &siteVisitor{visitor.New(t), t, f}
}

// withSession returns a page of the site that does something with the session.
func withSession(t testing.TB, f *session.Factory, use func(s *session.Session)) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		use(s)
	}
}

// visitorWith returns a visitor with the cookies of a request.
func visitorWith(t testing.TB, f *session.Factory, r *http.Request) *siteVisitor {
	v := newVisitor(t, f)
	v.keep(r.Cookies()...)
	return v
}

// at returns the visitor, with the same cookies, at the site of another factory.
func (v *siteVisitor) at(f *session.Factory) *siteVisitor { return &siteVisitor{v.Visitor, v.t, f} }

// request returns a request with the visitor's cookies.
func (v *siteVisitor) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, testURL, nil)
	v.addCookies(r)
	return r
}

// addCookies adds the visitor's cookies to a request that is sent by other means.
func (v *siteVisitor) addCookies(r *http.Request) {
	v.Do(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), r)
}

// keep puts cookies into the visitor's jar, as a response does.
func (v *siteVisitor) keep(cookies ...*http.Cookie) {
	v.Do(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, c := range cookies {
			http.SetCookie(w, c)
		}
	}), httptest.NewRequest(http.MethodGet, testURL, nil))
}

// serve makes a request that handler answers under Factory.Handler.
func (v *siteVisitor) serve(handler http.HandlerFunc) *http.Response {
	return v.Do(v.f.Handler(handler), httptest.NewRequest(http.MethodGet, testURL, nil))
}

// visit makes a request whose handler is use and fails the test unless it is
// answered with 200.
func (v *siteVisitor) visit(use func(s *session.Session)) *http.Response {
	v.t.Helper()
	resp := v.serve(withSession(v.t, v.f, use))
	if resp.StatusCode != http.StatusOK {
		v.t.Errorf("status %d", resp.StatusCode)
	}
	return resp
}

// stopClock makes the present time that of a factory: what counts for some seconds only
// counts for as long as the test takes.
func stopClock(f *session.Factory) {
	now := time.Now()
	session.SetClock(f, func() time.Time { return now })
}

// discardLog is for tests that expect errors in the log and do not look there.
func discardLog(o *session.Options) { o.Logger = slog.New(slog.DiscardHandler) }

// pass lets time pass in a synctest bubble. No time takes no timer: the race detector crashes
// when two goroutines of a bubble receive from timers that have run out
// (https://go.dev/issue/78156).
func pass(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
