// Package visitor is the browser of this module's tests: it keeps the cookies of
// the responses that it gets and sends them with its next requests.
//
//	v := visitor.New(t)
//	resp := v.Get(handler, "/")
package visitor

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
)

// Visitor sends requests to handlers inside the process. Several goroutines may
// use it, as the tabs of a browser share their cookies.
type Visitor struct {
	tb  testing.TB
	jar *cookiejar.Jar
}

// New returns a visitor without cookies.
func New(tb testing.TB) *Visitor {
	tb.Helper()
	v := &Visitor{tb: tb}
	v.Forget()
	return v
}

// Get sends a GET request for a path, or for a URL whose scheme says whether it
// comes over TLS.
func (v *Visitor) Get(h http.Handler, target string) *http.Response {
	return v.Do(h, httptest.NewRequest(http.MethodGet, target, nil))
}

// Do sends a request that httptest.NewRequest made, with the visitor's cookies,
// and keeps those of the response. A handler's panic is passed on; cookies that
// were set before it are not kept.
func (v *Visitor) Do(h http.Handler, r *http.Request) *http.Response {
	at := location(r)
	for _, c := range v.jar.Cookies(at) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	resp := w.Result()
	v.jar.SetCookies(at, resp.Cookies())
	return resp
}

// Cookie returns the value of a cookie that the visitor would send with a request
// for the root of the httptest host, or "".
func (v *Visitor) Cookie(name string) string {
	for _, c := range v.jar.Cookies(root) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// SetCookie puts a cookie into the jar, as a forger would.
func (v *Visitor) SetCookie(name, value string) {
	v.jar.SetCookies(root, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Forget drops all cookies.
func (v *Visitor) Forget() {
	v.tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		v.tb.Fatalf("visitor: %v", err)
	}
	v.jar = jar
}

// root is the page of a request that httptest.NewRequest makes for "/". It is
// https, so that cookies with Secure are found too.
var root = &url.URL{Scheme: "https", Host: "example.com", Path: "/"}

// location returns where a browser would have sent r.
func location(r *http.Request) *url.URL {
	at := &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path}
	if r.TLS != nil {
		at.Scheme = "https"
	}
	return at
}
