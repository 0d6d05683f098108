package factory_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

var cookieEffects = map[string]func(*testing.T){
	"CookieName":   cookieSays("cookie_name", "sid", "sid="),
	"CookiePath":   cookieSays("cookie_path", "/shop", "; Path=/shop"),
	"CookieDomain": cookieSays("cookie_domain", "example.test", "; Domain=example.test"),
	"CookieMaxAge": cookieSays("cookie_max_age", 3600, "; Max-Age=3600"),
	"CookieSameSite": func(t *testing.T) {
		cookieSays("cookie_samesite", "Strict", "; SameSite=Strict")(t)
		cookieSays("cookie_samesite", nil, "; SameSite=Lax")(t)
		s := newSite(t, settings.Map{"cookie_samesite": "off"})
		if line := s.setCookie(s.write()); strings.Contains(line, "SameSite") {
			t.Errorf("off: %s", line)
		}
		s = newSite(t, settings.Map{"cookie_samesite": "None", "cookie_secure": true})
		if line := s.setCookie(s.write()); !strings.Contains(line, "; SameSite=None") {
			t.Errorf("None: %s", line)
		}
	},
	"CookieHTTPOnly": func(t *testing.T) {
		cookieSays("cookie_httponly", nil, "; HttpOnly")(t)
		s := newSite(t, settings.Map{"cookie_httponly": false})
		if line := s.setCookie(s.write()); strings.Contains(line, "HttpOnly") {
			t.Errorf("false: %s", line)
		}
	},
	"CookieSecure": func(t *testing.T) {
		for _, test := range []struct {
			value     any
			tls, want bool
		}{
			{nil, false, false}, {nil, true, true}, {"auto", true, true},
			{true, false, true}, {"False", true, false},
		} {
			s := newSite(t, settings.Map{"cookie_secure": test.value})
			s.tls = test.tls
			if line := s.setCookie(s.write()); strings.Contains(line, "; Secure") != test.want {
				t.Errorf("%v, TLS %v: %s", test.value, test.tls, line)
			}
		}
	},
	"CookiePartitioned": func(t *testing.T) {
		s := newSite(t, settings.Map{"cookie_partitioned": true, "cookie_secure": true})
		if line := s.setCookie(s.write()); !strings.Contains(line, "; Partitioned") {
			t.Error(line)
		}
	},
	"CookieOnException": func(t *testing.T) {
		for _, set := range []bool{true, false} {
			s := newSite(t, settings.Map{"cookie_on_exception": set})
			var header http.Header
			func() {
				defer func() { recover() }()
				s.serve(func(w http.ResponseWriter, r *http.Request) {
					header = w.Header()
					se, _ := s.sessions.Get(r)
					if _, err := se.CSRFToken(r.Context()); err != nil { // begins the session
						t.Error(err)
					}
					panic("a bug in the application")
				})
			}()
			if sent := header.Get("Set-Cookie") != ""; sent != set {
				t.Errorf("%v: the cookie was sent: %v", set, sent)
			}
			if kept := len(s.redis.Keys()) == 1; kept != set {
				t.Errorf("%v: a record was kept: %v; none should be without its cookie", set, kept)
			}
		}
	},
	"FuncCheckResponseAllowCookies": func(t *testing.T) {
		r := newRegistry()
		r.AllowCookie("unless-no-store", func(h http.Header) bool { return h.Get("Cache-Control") != "no-store" })
		s := newSite(t, settings.Map{"func_check_response_allow_cookies": "unless-no-store"}, withRegistry(r))
		resp := s.serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			se, _ := s.sessions.Get(r)
			se.Set("n", 1)
		})
		if line := s.setCookie(resp); line != "" || len(s.redis.Keys()) != 0 {
			t.Errorf("refused, but Set-Cookie is %q and Redis has %d keys", line, len(s.redis.Keys()))
		}
		if s.write(); s.count() != 1 {
			t.Error("allowed, but there is no session")
		}
	},
	"CookieSigner": func(t *testing.T) {
		r := newRegistry()
		r.Signer("reversed", reversed{})
		s := newSite(t, settings.Map{"secret": nil, "cookie_signer": "reversed"}, withRegistry(r))
		s.visit(func(se *session.Session) { se.Set("n", 1) })
		s.visit(func(se *session.Session) {
			if got := s.visitor.Cookie("session"); got != reverse(se.ID())+".signed" {
				t.Errorf("the cookie is %q", got)
			}
		})
		s.visitor.SetCookie("session", "forged")
		if s.count() != 0 {
			t.Error("a cookie that the signer refuses was accepted")
		}
	},
}

// cookieSays returns a test that a new session's Set-Cookie contains a text.
func cookieSays(key string, value any, want string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		s := newSite(t, settings.Map{key: value})
		if line := s.setCookie(s.write()); !strings.Contains(line, want) {
			t.Errorf("%s = %v: Set-Cookie is %s, want %s in it", key, value, line, want)
		}
	}
}
