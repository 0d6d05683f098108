package factory

import (
	"strings"

	"github.com/pyramidgo/redissessions/connect"
)

// diagnoseLogin is diagnose for a server that does not let the client in. given are the
// options as the settings say them, o with the URL's parts in their places.
func diagnoseLogin(given, o connect.Options, text string) (diagnosis, bool) {
	wanted := strings.Contains(text, "NOAUTH ")
	refused := strings.Contains(text, "WRONGPASS ") || strings.Contains(text, "ERR invalid password")
	needless := strings.Contains(text, "without any password configured")
	atSentinels := o.Mode == connect.Sentinel && strings.Contains(text, "all sentinels")
	switch {
	case !wanted && !refused && !needless:
		return diagnosis{}, false
	case atSentinels && wanted:
		return diagnosis{"sentinel_password", "the sentinels want a password"}, true
	case atSentinels && refused:
		return diagnosis{"sentinel_password", "the sentinels refuse it, or have no such user as sentinel_username says"}, true
	case atSentinels:
		return diagnosis{"sentinel_password", "the sentinels have no password; take it out"}, true
	case given.URL != "":
		switch {
		case wanted:
			return diagnosis{"url", "the server wants a password, and the URL has none: redis://:password@host, or redis://user:password@host"}, true
		case refused && o.Username != "":
			return diagnosis{"url", "the server refuses its user name or password"}, true
		case refused:
			return diagnosis{"url", "the server refuses its password; one that is of a user other than default needs the user's name before it"}, true
		}
		return diagnosis{"url", "the server has no password; take the one in the URL out"}, true
	case wanted:
		return diagnosis{"password", "the server wants a password; set it, and username if the user is another than default"}, true
	case refused && o.Username != "":
		return diagnosis{"password", "the server refuses it, or has no such user as username says"}, true
	case refused:
		return diagnosis{"password", "the server refuses it; one that is of a user other than default needs username"}, true
	}
	return diagnosis{"password", "the server has no password; take it out"}, true
}
