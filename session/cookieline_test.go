package session

import (
	"net/http"
	"testing"
	"time"
)

// The line that is made of parts is the one that net/http makes.
func TestCookieLinesAreNetHTTPs(t *testing.T) {
	for _, opts := range []CookieOptions{
		{},
		{Name: "__Host-s", Secure: SecureAlways},
		{Name: "s", Path: "/app", Domain: "example.test", SameSite: http.SameSiteStrictMode, ScriptReadable: true},
		{SameSite: http.SameSiteNoneMode, Partitioned: true},
		{SameSite: http.SameSiteDefaultMode, Secure: SecureNever},
	} {
		opts = opts.withDefaults()
		if err := opts.check(); err != nil {
			t.Fatal(err)
		}
		lines := newCookieLines(opts)
		for _, tls := range []bool{false, true} {
			for _, value := range []string{"v", "a-b_c", "v=", "a b", "a,b", ""} {
				for _, maxAge := range []time.Duration{0, time.Millisecond, time.Hour, 2 * MaxCookieAge} {
					want := opts.cookie(value, maxAge, tls).String()
					if got := lines.set(value, maxAge, tls); got != want {
						t.Errorf("%q for %v, TLS %v: %q, want %q", value, maxAge, tls, got, want)
					}
				}
			}
			if got, want := lines.gone.of(tls), opts.deletion(tls).String(); got != want {
				t.Errorf("deletion, TLS %v: %q, want %q", tls, got, want)
			}
		}
	}
}
