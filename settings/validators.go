package settings

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// name is what a registry is asked for: a codec, a connector, a hook. Whether anything
// has that name is the registry's business.
var name = text("a name", func(value string) error {
	if strings.ContainsFunc(value, unicode.IsSpace) {
		return errors.New("expected one name, without spaces")
	}
	return nil
})

// A cookie's name is an HTTP token, RFC 6265 section 4.1.1.
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func cookieName(value string) error {
	if !token.MatchString(value) {
		return errors.New("expected a cookie name: letters, digits and !#$%&'*+.^_`|~-")
	}
	return nil
}

func cookiePath(value string) error {
	if !strings.HasPrefix(value, "/") || strings.ContainsFunc(value, func(r rune) bool { return r == ';' || r <= ' ' || r >= 0x7f }) {
		return errors.New("expected a path that begins with /, without spaces, semicolons and non-ASCII letters")
	}
	return nil
}

var device = regexp.MustCompile(`^(/[0-9A-Za-z._~-]+)+$`)

func devicePath(value string) error {
	if !device.MatchString(value) || strings.Contains(value+"/", "/../") || strings.Contains(value+"/", "/./") {
		return errors.New("expected a path that begins with / and ends without one, of letters, digits and -._~ between slashes")
	}
	return nil
}

var domain = regexp.MustCompile(`^\.?[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*$`)

func cookieDomain(value string) error {
	if len(value) > 255 || !domain.MatchString(value) {
		return errors.New("expected a host name (example.com), without scheme and port")
	}
	return nil
}

func hostName(value string) error {
	if strings.ContainsAny(value, "/@,[]") || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return errors.New("expected one host name or address, without scheme, credentials and port")
	}
	return nil
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// urlShape looks no further than the scheme: what a URL may hold is up to the connector.
func urlShape(value string) error {
	if !scheme.MatchString(value) {
		return errShape
	}
	return nil
}
