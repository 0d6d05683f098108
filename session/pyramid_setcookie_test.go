package session_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// setCookieVector is a Set-Cookie line of one of the packages.
type setCookieVector struct {
	Package string
	Options struct {
		Name     string `json:"cookie_name"`
		Path     string `json:"cookie_path"`
		Domain   string `json:"cookie_domain"`
		MaxAge   int    `json:"cookie_max_age"`
		Secure   bool   `json:"cookie_secure"`
		HTTPOnly *bool  `json:"cookie_httponly"`
		SameSite string `json:"cookie_samesite"`
	}
	Deletes   bool
	SetCookie string `json:"set_cookie"`
}

// What must agree is all that makes two cookies one for the browser, and their
// lifetime: name, path, domain, Max-Age. SameSite is Lax unless it is set, where
// the packages leave it out, and a deletion keeps HttpOnly.
func TestPyramidSetCookie(t *testing.T) {
	const vectorSecret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	var file cookieFile
	readVectors(t, "cookies.json", &file)
	for _, v := range file.SetCookieHeaders {
		// http.ParseSetCookie does not read the vectors' placeholder of a date.
		line := strings.Replace(v.SetCookie, "<now+max_age as WebOb date>", "Wed, 31-Dec-97 23:59:59 GMT", 1)
		want, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		id := "a session"
		if !v.Deletes {
			if id, err = signerOf(packages[v.Package], vectorSecret).Verify(want.Value); err != nil {
				t.Fatal(err)
			}
		}
		f := newTestFactory(t, newMemStore(), func(o *session.Options) {
			o.Secret, o.Format = vectorSecret, packages[v.Package]
			o.NewID = func() (string, error) { return id, nil }
			o.Cookie = session.CookieOptions{
				Name: v.Options.Name, Path: v.Options.Path, Domain: v.Options.Domain,
				MaxAge:         time.Duration(v.Options.MaxAge) * time.Second,
				ScriptReadable: v.Options.HTTPOnly != nil && !*v.Options.HTTPOnly,
			}
			if o.Cookie.Secure = session.SecureNever; v.Options.Secure {
				o.Cookie.Secure = session.SecureAlways
			}
			if strings.EqualFold(v.Options.SameSite, "strict") {
				o.Cookie.SameSite = http.SameSiteStrictMode
			}
		})
		got := setBy(t, f, v.Deletes)
		switch {
		case got.Name != want.Name, got.Path != want.Path, got.Domain != want.Domain, got.MaxAge != want.MaxAge,
			!v.Deletes && (got.Secure != want.Secure || got.HttpOnly != want.HttpOnly),
			want.SameSite != 0 && got.SameSite != want.SameSite:
			t.Errorf("%s: %s\nwant %s", v.Package, got, v.SetCookie)
		case v.Deletes && got.Value != "", v.Package == "fork" && got.Value != want.Value:
			t.Errorf("%s: the value is %q, want %q", v.Package, got.Value, want.Value)
		case !v.Deletes:
			if back, err := signerOf(packages[v.Package], vectorSecret).Verify(got.Value); back != id || err != nil {
				t.Errorf("%s: the cookie verifies as %q, %v", v.Package, back, err)
			}
		}
	}
}

// setBy returns the cookie that beginning, or ending, a session sets.
func setBy(t *testing.T, f *session.Factory, ends bool) *http.Cookie {
	t.Helper()
	var resp *http.Response
	request := func(cookies []*http.Cookie, use func(*session.Session)) {
		r := httptest.NewRequest(http.MethodGet, "https://example.com/app", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				t.Fatal(err)
			}
			use(s)
		})).ServeHTTP(w, r)
		resp = w.Result()
	}
	request(nil, func(s *session.Session) { s.Set("a", 1) })
	if ends {
		request(resp.Cookies(), func(s *session.Session) {
			if err := s.Invalidate(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
	if len(resp.Cookies()) != 1 {
		t.Fatalf("%d cookies", len(resp.Cookies()))
	}
	return resp.Cookies()[0]
}
