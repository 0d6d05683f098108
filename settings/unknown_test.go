package settings

import "testing"

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"cokie_name":        "cookie_name",
		"timeuot":           "timeout",
		"sock_timeout":      "socket_timeout",
		"cookie-same-site":  "cookie_samesite",
		"encoder":           "encode",
		"samesite":          "cookie_samesite", // without its first word
		"secure":            "cookie_secure",   // though secret is two letters away
		"connect_timeout":   "socket_connect_timeout",
		"socket":            "socket_timeout", // without its last
		"unix_socket":       "unix_socket_path",
		"pass":              "password", // without the rest of the word
		"redis_cookie_name": "cookie_name",
		"session_timeout":   "timeout", // with one too many
		"nothing_like_it":   "",
		"a":                 "",
		"":                  "",
	} {
		if got := nearest(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
