package handlertest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"

	"github.com/pyramidgo/redissessions/session"
)

// Visitor is a browser: it keeps the cookies of the responses and sends them with its next
// requests. Several goroutines may use it, as tabs share their cookies.
type Visitor struct {
	kit  *Kit
	name string
	jar  jar
}

// Visitor returns a visitor without cookies.
func (k *Kit) Visitor() *Visitor {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.visitors++
	return &Visitor{kit: k, name: "visitor " + strconv.Itoa(k.visitors), jar: jar{clock: k.clock}}
}

// Do sends a request that httptest.NewRequest made to a handler, and returns the response.
//
// A request for a path, such as "/cart", comes over TLS; one for a URL comes over
// what its scheme says. A request that is not GET, HEAD, OPTIONS or TRACE gets the CSRF
// token of the visitor's session in the header X-CSRF-Token, as from a form that the
// site has shown before; a session or a token that is not there yet is made first. A request
// that carries a token already, be it a wrong one, is left alone. A handler's panic is passed on.
func (v *Visitor) Do(h http.Handler, r *http.Request) *http.Response {
	v.kit.t.Helper()
	c := &call{meanwhile: v.kit.takeMeanwhile(v)}
	resp := v.send(c, h, r)
	if c.mu.Lock(); c.meanwhile != nil {
		v.kit.t.Errorf("handlertest: Meanwhile: %s %s neither loaded nor saved a session of the visitor with the context of its request", r.Method, r.URL.Path)
	}
	c.mu.Unlock()
	return resp
}

// Get sends a GET request.
func (v *Visitor) Get(h http.Handler, target string) *http.Response {
	v.kit.t.Helper()
	return v.Do(h, newRequest(http.MethodGet, target, nil))
}

// Post sends a form.
func (v *Visitor) Post(h http.Handler, target string, form url.Values) *http.Response {
	v.kit.t.Helper()
	return v.Do(h, newRequest(http.MethodPost, target, form))
}

func newRequest(method, target string, form url.Values) *http.Request {
	if method != http.MethodPost {
		return httptest.NewRequest(method, target, http.NoBody)
	}
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// send sends a request whose operations the store knows by c.
func (v *Visitor) send(c *call, h http.Handler, r *http.Request) *http.Response {
	v.kit.t.Helper()
	r = r.Clone(context.WithValue(r.Context(), callKey{}, c))
	if r.TLS == nil && r.URL.Scheme != "http" {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
	}
	v.fillInToken(r)
	v.jar.add(r)
	w := httptest.NewRecorder()
	v.kit.Handler(h).ServeHTTP(w, r)
	resp := w.Result()
	v.jar.keep(r.URL.Path, r.TLS != nil, resp.Cookies())
	return resp
}

// fillInToken gives an unsafe request the CSRF token of the visitor's session.
func (v *Visitor) fillInToken(r *http.Request) {
	v.kit.t.Helper()
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return
	}
	if r.Header.Get(session.CSRFHeader) != "" || v.formHasToken(r) {
		return
	}
	var token string
	err := v.change(func(ctx context.Context, s *session.Session) (err error) {
		token, err = s.CSRFToken(ctx)
		return err
	})
	switch {
	case err == nil:
		r.Header.Set(session.CSRFHeader, token)
	case errors.Is(err, session.ErrGone):
		// A request under way has renewed or ended the session, and its answer has not come yet.
		// The request goes with the cookie from before, for which no token is right.
	default:
		v.kit.t.Fatalf("handlertest: CSRF token of %s: %v", v.name, err)
	}
}

// formHasToken reports whether the request's form has the field of the token.
func (v *Visitor) formHasToken(r *http.Request) bool {
	v.kit.t.Helper()
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Body == nil || kind != "application/x-www-form-urlencoded" && kind != "multipart/form-data" {
		return false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.kit.t.Errorf("handlertest: the request's body: %v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if kind == "multipart/form-data" {
		return bytes.Contains(body, []byte(`name="`+session.CSRFFormField+`"`))
	}
	form, _ := url.ParseQuery(string(body))
	return form.Has(session.CSRFFormField)
}

// Set sets a value in the visitor's session, and begins one when there is none.
func (v *Visitor) Set(key string, value any) {
	v.kit.t.Helper()
	v.arrange("Set", func(_ context.Context, s *session.Session) error {
		s.Set(key, value)
		return nil
	})
}

// Login logs the visitor in, as Session.Login does.
func (v *Visitor) Login(user string, opts ...session.LoginOption) {
	v.kit.t.Helper()
	v.arrange("Login", func(ctx context.Context, s *session.Session) error { return s.Login(ctx, user, opts...) })
}

// Logout ends the visitor's session.
func (v *Visitor) Logout() {
	v.kit.t.Helper()
	v.arrange("Logout", func(ctx context.Context, s *session.Session) error { return s.Invalidate(ctx) })
}

// Session returns what is stored in the visitor's session: nothing when there is none, or
// when it has ended. Whole numbers are ints, other values have the types that Session.Get
// returns; Value converts them. Keys that begin with an underscore are left out: there the
// library keeps the CSRF token, the flash messages and the login. To look does not keep
// the session alive.
func (v *Visitor) Session() map[string]any {
	v.kit.t.Helper()
	values := map[string]any{}
	v.look("Session", func(s *session.Session) {
		for key, value := range s.All() {
			if !strings.HasPrefix(key, "_") {
				values[key] = withInts(value)
			}
		}
	})
	return values
}

// withInts returns a loaded value with each whole number as an int.
func withInts(value any) any {
	switch value := value.(type) {
	case int64:
		return int(value)
	case []any:
		for i := range value {
			value[i] = withInts(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = withInts(value[key])
		}
	}
	return value
}

// Value returns a value of the visitor's session as a T, as session.Value does.
func Value[T any](v *Visitor, key string) (value T, ok bool) {
	v.kit.t.Helper()
	v.look("Value", func(s *session.Session) { value, ok = session.Value[T](s, key) })
	return value, ok
}

// Flashes returns the messages of a flash queue that no page has shown yet. They stay.
func (v *Visitor) Flashes(queue string) (messages []any) {
	v.kit.t.Helper()
	v.look("Flashes", func(s *session.Session) {
		for _, message := range s.PeekFlash(queue) {
			messages = append(messages, withInts(message))
		}
	})
	return messages
}

// User returns who the visitor is logged in as, or "".
func (v *Visitor) User() (user string) {
	v.kit.t.Helper()
	v.look("User", func(s *session.Session) { user = s.User() })
	return user
}

// Cookie returns the value of a cookie that the visitor has, or "".
func (v *Visitor) Cookie(name string) string {
	for _, c := range v.jar.all() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Forget drops the visitor's cookies.
func (v *Visitor) Forget() { v.jar.forget() }

// look reads the visitor's session.
func (v *Visitor) look(what string, use func(s *session.Session)) {
	v.kit.t.Helper()
	s, err := v.kit.factory.Get(v.own())
	if err != nil {
		v.kit.t.Fatalf("handlertest: %s of %s: %v", what, v.name, err)
	}
	use(s)
}

// arrange changes the visitor's session, or ends the test.
func (v *Visitor) arrange(what string, use func(ctx context.Context, s *session.Session) error) {
	v.kit.t.Helper()
	if err := v.change(use); err != nil {
		v.kit.t.Fatalf("handlertest: %s of %s: %v", what, v.name, err)
	}
}

func (v *Visitor) change(use func(ctx context.Context, s *session.Session) error) error {
	r, w := v.own(), httptest.NewRecorder()
	s, err := v.kit.factory.Get(r)
	if err == nil {
		err = use(r.Context(), s)
	}
	if err == nil {
		err = v.kit.factory.Save(w, r, s)
	}
	if err == nil {
		v.jar.keep("/", true, w.Result().Cookies())
	}
	return err
}

// own returns a request of the kit's, with all of the visitor's cookies.
func (v *Visitor) own() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "https://example.com/", http.NoBody)
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, &call{arranging: true}))
	for _, c := range v.jar.all() {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return r
}
