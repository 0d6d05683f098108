package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// rawVisit makes a request with the given lines of the header Cookie.
func rawVisit(t *testing.T, f *session.Factory, target string, cookies []string, use func(s *session.Session)) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header["Cookie"] = cookies
	w := httptest.NewRecorder()
	f.Handler(withSession(t, f, use)).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("status %d", w.Code)
	}
	return w.Result()
}

// TestCookieOptionsAtStartUp is the table of what browsers keep and what they
// drop without a word (RFC 6265bis, CHIPS): the factory refuses the latter.
func TestCookieOptionsAtStartUp(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name   string
		cookie session.CookieOptions
		want   string // in the error; "" for none
	}{
		{"defaults", session.CookieOptions{}, ""},
		{"__Host-", session.CookieOptions{Name: "__Host-session", Secure: session.SecureAlways}, ""},
		{"__Host- by default", session.CookieOptions{Name: "__Host-session"}, ""},
		{"__Host- and not Secure", session.CookieOptions{Name: "__Host-session", Secure: session.SecureNever}, "needs Secure"},
		{"__hOST- and not Secure", session.CookieOptions{Name: "__hOST-session", Secure: session.SecureNever}, "needs Secure"},
		{"__Host- with a domain", session.CookieOptions{Name: "__Host-session", Domain: "example.test"}, "no domain"},
		{"__HOST- with a path", session.CookieOptions{Name: "__HOST-session", Path: "/app"}, "path /"},
		{"__Secure-", session.CookieOptions{Name: "__Secure-session", Domain: "example.test", Path: "/app"}, ""},
		{"__SECURE- and not Secure", session.CookieOptions{Name: "__SECURE-session", Secure: session.SecureNever}, "needs Secure"},
		{"__Http- readable by scripts", session.CookieOptions{Name: "__Http-session", ScriptReadable: true}, "needs HttpOnly"},
		{"__Host-Http-", session.CookieOptions{Name: "__Host-Http-session"}, ""},
		{"__Host-Http- readable by scripts", session.CookieOptions{Name: "__host-http-session", ScriptReadable: true}, "needs HttpOnly"},
		{"__Host-Http- with a path", session.CookieOptions{Name: "__Host-Http-session", Path: "/app"}, "path /"},
		{"SameSite=Strict", session.CookieOptions{SameSite: http.SameSiteStrictMode}, ""},
		{"SameSite=None", session.CookieOptions{SameSite: http.SameSiteNoneMode}, ""},
		{"SameSite=None and not Secure", session.CookieOptions{SameSite: http.SameSiteNoneMode, Secure: session.SecureNever}, "SameSite=None"},
		{"Partitioned", session.CookieOptions{Partitioned: true}, ""},
		{"Partitioned and not Secure", session.CookieOptions{Partitioned: true, Secure: session.SecureNever}, "Partitioned"},
		{"400 days", session.CookieOptions{MaxAge: session.MaxCookieAge}, ""},
		{"longer than 400 days", session.CookieOptions{MaxAge: 1000 * 24 * time.Hour}, ""}, // capped
		{"negative Max-Age", session.CookieOptions{MaxAge: -time.Second}, "negative"},
		{"a name of many bytes", session.CookieOptions{Name: long(4096 - 143)}, ""},
		{"a name and value of 4097 bytes", session.CookieOptions{Name: long(4096 - 142)}, "4097 bytes"},
		{"a name with a space", session.CookieOptions{Name: "my session"}, "cookie"},
		{"a name with =", session.CookieOptions{Name: "my=session"}, "cookie"},
		{"a path of 1024 bytes", session.CookieOptions{Path: "/" + long(1023)}, ""},
		{"a path of 1025 bytes", session.CookieOptions{Path: "/" + long(1024)}, "1025 bytes"},
		{"a path that is none", session.CookieOptions{Path: "app"}, "begin with /"},
		{"a path that ends the attribute", session.CookieOptions{Path: "/;Domain=evil.test"}, "cookie"},
		{"a domain", session.CookieOptions{Domain: "example.test"}, ""},
		{"a domain with a line end", session.CookieOptions{Domain: "example.test\r\nX: y"}, "cookie"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := session.NewFactory(newMemStore(), &session.Options{Secret: testSecret, Cookie: test.cookie})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// All that is wrong is said at once.
func TestCookieOptionsAllMistakes(t *testing.T) {
	_, err := session.NewFactory(nil, &session.Options{Cookie: session.CookieOptions{
		Name: "__Host-session", Path: "app", Domain: "example.test", MaxAge: -1, Secure: session.SecureNever,
		SameSite: http.SameSiteNoneMode, Partitioned: true,
	}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"no store", "no Secret", "begin with /", "negative", "needs Secure", "no domain", "SameSite=None", "Partitioned"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

// TestCookieAttributes checks the text of Set-Cookie, of a new session and of
// one that ends: Path and Domain must be the same, or browsers keep the cookie.
func TestCookieAttributes(t *testing.T) {
	tests := []struct {
		name   string
		cookie session.CookieOptions
		plain  bool // the request came without TLS
		want   string
	}{
		{"defaults", session.CookieOptions{}, false, "session; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"defaults without TLS", session.CookieOptions{}, true, "session; Path=/; HttpOnly; SameSite=Lax"},
		{"never Secure", session.CookieOptions{Secure: session.SecureNever}, false, "session; Path=/; HttpOnly; SameSite=Lax"},
		{"behind a proxy that ends TLS", session.CookieOptions{Secure: session.SecureAlways}, true, "session; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"a name that promises Secure", session.CookieOptions{Name: "__Host-s"}, true, "__Host-s; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"SameSite=None", session.CookieOptions{SameSite: http.SameSiteNoneMode}, true, "session; Path=/; HttpOnly; Secure; SameSite=None"},
		{"no SameSite", session.CookieOptions{SameSite: http.SameSiteDefaultMode}, false, "session; Path=/; HttpOnly; Secure"},
		{"Partitioned", session.CookieOptions{Partitioned: true, SameSite: http.SameSiteNoneMode}, true, "session; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"},
		{"all of them", session.CookieOptions{
			Name: "s", Path: "/app", Domain: "example.test", SameSite: http.SameSiteStrictMode, ScriptReadable: true,
		}, false, "s; Path=/app; Domain=example.test; Secure; SameSite=Strict"},
		{"an hour", session.CookieOptions{MaxAge: time.Hour}, false, "session; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
		{"less than a second", session.CookieOptions{MaxAge: time.Millisecond}, false, "session; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Lax"},
		{"more than 400 days", session.CookieOptions{MaxAge: 1000 * 24 * time.Hour}, false,
			fmt.Sprintf("session; Path=/; Max-Age=%d; HttpOnly; Secure; SameSite=Lax", 400*24*60*60)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Cookie = test.cookie })
			target := "https://example.test/app"
			if test.plain {
				target = "http://example.test/app"
			}
			set := rawVisit(t, f, target, nil, func(s *session.Session) { s.Set("k", "v") }).Header["Set-Cookie"]
			if len(set) != 1 {
				t.Fatalf("Set-Cookie: %q", set)
			}
			nameValue, attributes, _ := strings.Cut(set[0], ";")
			name, value, _ := strings.Cut(nameValue, "=")
			if got := name + ";" + attributes; got != test.want || value == "" {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}

			gone := rawVisit(t, f, target, []string{nameValue}, func(s *session.Session) {
				if err := s.Invalidate(t.Context()); err != nil {
					t.Error(err)
				}
			}).Header["Set-Cookie"]
			if len(gone) != 1 {
				t.Fatalf("Set-Cookie: %q", gone)
			}
			want := name + "=;" + attributes
			if _, rest, ok := strings.Cut(attributes, "; Max-Age="); ok {
				age, _, _ := strings.Cut(rest, ";")
				want = strings.Replace(want, "; Max-Age="+age, "", 1)
			}
			const deletes = "; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0"
			if got := strings.Replace(gone[0], deletes, "", 1); got != want || got == gone[0] {
				t.Errorf("got  %s\nwant %s, with %s", gone[0], want, deletes)
			}
		})
	}
}
