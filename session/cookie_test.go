package session

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// rawVisit makes a request with the given lines of the header Cookie.
func rawVisit(t *testing.T, f *Factory, target string, cookies []string, use func(s *Session)) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header["Cookie"] = cookies
	w := httptest.NewRecorder()
	f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		use(s)
	})).ServeHTTP(w, r)
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
		cookie CookieOptions
		want   string // in the error; "" for none
	}{
		{"defaults", CookieOptions{}, ""},
		{"__Host-", CookieOptions{Name: "__Host-session", Secure: SecureAlways}, ""},
		{"__Host- by default", CookieOptions{Name: "__Host-session"}, ""},
		{"__Host- and not Secure", CookieOptions{Name: "__Host-session", Secure: SecureNever}, "needs Secure"},
		{"__hOST- and not Secure", CookieOptions{Name: "__hOST-session", Secure: SecureNever}, "needs Secure"},
		{"__Host- with a domain", CookieOptions{Name: "__Host-session", Domain: "example.test"}, "no domain"},
		{"__HOST- with a path", CookieOptions{Name: "__HOST-session", Path: "/app"}, "path /"},
		{"__Secure-", CookieOptions{Name: "__Secure-session", Domain: "example.test", Path: "/app"}, ""},
		{"__SECURE- and not Secure", CookieOptions{Name: "__SECURE-session", Secure: SecureNever}, "needs Secure"},
		{"__Http- readable by scripts", CookieOptions{Name: "__Http-session", ScriptReadable: true}, "needs HttpOnly"},
		{"__Host-Http-", CookieOptions{Name: "__Host-Http-session"}, ""},
		{"__Host-Http- readable by scripts", CookieOptions{Name: "__host-http-session", ScriptReadable: true}, "needs HttpOnly"},
		{"__Host-Http- with a path", CookieOptions{Name: "__Host-Http-session", Path: "/app"}, "path /"},
		{"SameSite=Strict", CookieOptions{SameSite: http.SameSiteStrictMode}, ""},
		{"SameSite=None", CookieOptions{SameSite: http.SameSiteNoneMode}, ""},
		{"SameSite=None and not Secure", CookieOptions{SameSite: http.SameSiteNoneMode, Secure: SecureNever}, "SameSite=None"},
		{"Partitioned", CookieOptions{Partitioned: true}, ""},
		{"Partitioned and not Secure", CookieOptions{Partitioned: true, Secure: SecureNever}, "Partitioned"},
		{"400 days", CookieOptions{MaxAge: MaxCookieAge}, ""},
		{"longer than 400 days", CookieOptions{MaxAge: 1000 * 24 * time.Hour}, ""}, // capped
		{"negative Max-Age", CookieOptions{MaxAge: -time.Second}, "negative"},
		{"a name of many bytes", CookieOptions{Name: long(4096 - 143)}, ""},
		{"a name and value of 4097 bytes", CookieOptions{Name: long(4096 - 142)}, "4097 bytes"},
		{"a name with a space", CookieOptions{Name: "my session"}, "cookie"},
		{"a name with =", CookieOptions{Name: "my=session"}, "cookie"},
		{"a path of 1024 bytes", CookieOptions{Path: "/" + long(1023)}, ""},
		{"a path of 1025 bytes", CookieOptions{Path: "/" + long(1024)}, "1025 bytes"},
		{"a path that is none", CookieOptions{Path: "app"}, "begin with /"},
		{"a path that ends the attribute", CookieOptions{Path: "/;Domain=evil.test"}, "cookie"},
		{"a domain", CookieOptions{Domain: "example.test"}, ""},
		{"a domain with a line end", CookieOptions{Domain: "example.test\r\nX: y"}, "cookie"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewFactory(newMemStore(), &Options{Secret: testSecret, Cookie: test.cookie})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// All that is wrong is said at once.
func TestCookieOptionsAllMistakes(t *testing.T) {
	_, err := NewFactory(nil, &Options{Cookie: CookieOptions{
		Name: "__Host-session", Path: "app", Domain: "example.test", MaxAge: -1, Secure: SecureNever,
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
		cookie CookieOptions
		plain  bool // the request came without TLS
		want   string
	}{
		{"defaults", CookieOptions{}, false, "session; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"defaults without TLS", CookieOptions{}, true, "session; Path=/; HttpOnly; SameSite=Lax"},
		{"never Secure", CookieOptions{Secure: SecureNever}, false, "session; Path=/; HttpOnly; SameSite=Lax"},
		{"behind a proxy that ends TLS", CookieOptions{Secure: SecureAlways}, true, "session; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"a name that promises Secure", CookieOptions{Name: "__Host-s"}, true, "__Host-s; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"SameSite=None", CookieOptions{SameSite: http.SameSiteNoneMode}, true, "session; Path=/; HttpOnly; Secure; SameSite=None"},
		{"no SameSite", CookieOptions{SameSite: http.SameSiteDefaultMode}, false, "session; Path=/; HttpOnly; Secure"},
		{"Partitioned", CookieOptions{Partitioned: true, SameSite: http.SameSiteNoneMode}, true, "session; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"},
		{"all of them", CookieOptions{
			Name: "s", Path: "/app", Domain: "example.test", SameSite: http.SameSiteStrictMode, ScriptReadable: true,
		}, false, "s; Path=/app; Domain=example.test; Secure; SameSite=Strict"},
		{"an hour", CookieOptions{MaxAge: time.Hour}, false, "session; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
		{"less than a second", CookieOptions{MaxAge: time.Millisecond}, false, "session; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Lax"},
		{"more than 400 days", CookieOptions{MaxAge: 1000 * 24 * time.Hour}, false,
			fmt.Sprintf("session; Path=/; Max-Age=%d; HttpOnly; Secure; SameSite=Lax", 400*24*60*60)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newTestFactory(t, newMemStore(), func(o *Options) { o.Cookie = test.cookie })
			target := "https://example.test/app"
			if test.plain {
				target = "http://example.test/app"
			}
			set := rawVisit(t, f, target, nil, func(s *Session) { s.Set("k", "v") }).Header["Set-Cookie"]
			if len(set) != 1 {
				t.Fatalf("Set-Cookie: %q", set)
			}
			nameValue, attributes, _ := strings.Cut(set[0], ";")
			name, value, _ := strings.Cut(nameValue, "=")
			if got := name + ";" + attributes; got != test.want || value == "" {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}

			gone := rawVisit(t, f, target, []string{nameValue}, func(s *Session) {
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
