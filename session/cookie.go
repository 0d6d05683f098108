package session

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/sign"
)

const (
	// maxAttributeBytes bounds each attribute's value, RFC 6265bis 5.6.
	maxAttributeBytes = 1024
	// MaxCookieAge is the longest Max-Age that browsers keep, RFC 6265bis 5.6.1.
	MaxCookieAge = record.MaxCookieAge
	// maxCookies is how many cookies of the session's name one request may
	// try. More than two or three is an attack.
	maxCookies = 8
	// nativeValueBytes is the length of the value that the built-in signer makes
	// of a built-in ID.
	nativeValueBytes = (sha512.Size+sign.IDBytes*4/3+1)*4/3 + 1
)

// SecureMode says when the cookie carries the Secure attribute.
type SecureMode int

const (
	// SecureAuto is when the request came over TLS, and always for a cookie
	// that browsers would otherwise drop: one of SameSite=None, Partitioned, or
	// with a name that promises Secure. It is the default.
	SecureAuto SecureMode = iota
	// SecureAlways is right behind a proxy that ends TLS.
	SecureAlways
	// SecureNever is for a site without TLS.
	SecureNever
)

// CookieOptions describes the session's cookie. Its zero value is the default.
type CookieOptions struct {
	// Name is the cookie's name. The default is "session".
	Name string
	// Path limits the cookie to a path. The default is "/".
	Path string
	// Domain widens the cookie to a domain and its subdomains. By default only
	// the host itself gets it.
	Domain string
	// MaxAge is how long the browser keeps the cookie, at most MaxCookieAge.
	// The default, 0, is until the browser closes.
	MaxAge time.Duration
	// Secure says when the cookie is for TLS only. The default is SecureAuto.
	Secure SecureMode
	// SameSite is http.SameSiteLaxMode by default. http.SameSiteDefaultMode
	// leaves the attribute out.
	SameSite http.SameSite
	// Partitioned keeps the cookie per top-level site (CHIPS).
	Partitioned bool
	// ScriptReadable leaves out HttpOnly.
	ScriptReadable bool
	// SkipOnPanic sets no cookie when the handler panics: a session that began
	// in the request is taken back. A renewed session's new cookie is sent all
	// the same, since the old one opens nothing, and the cookie of a session that
	// was ended is deleted.
	SkipOnPanic bool
}

func (c CookieOptions) withDefaults() CookieOptions {
	if c.Name == "" {
		c.Name = DefaultCookieName
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if c.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	return c
}

// check returns everything that is wrong with the options: combinations that
// browsers refuse (RFC 6265bis 4.1.3 and 5.7, CHIPS), each in one line.
func (c CookieOptions) check() error {
	var errs []error
	wrong := func(field, format string, args ...any) {
		errs = append(errs, optionError("Cookie."+field, format, args...))
	}
	if (&http.Cookie{Name: c.Name, Value: "x"}).Valid() != nil {
		wrong("Name", "no cookie can have this name (RFC 6265, section 4.1.1)")
	}
	if (&http.Cookie{Name: "x", Value: "x", Path: c.Path}).Valid() != nil {
		wrong("Path", "no cookie can have this path (RFC 6265, section 4.1.1)")
	}
	if (&http.Cookie{Name: "x", Value: "x", Domain: c.Domain}).Valid() != nil {
		wrong("Domain", "no cookie can have this domain (RFC 6265, section 4.1.1)")
	}
	if !strings.HasPrefix(c.Path, "/") {
		wrong("Path", "%.60q: it must begin with /", c.Path)
	}
	for _, a := range []struct{ field, value string }{{"Path", c.Path}, {"Domain", c.Domain}} {
		if len(a.value) > maxAttributeBytes {
			wrong(a.field, "it has %d bytes, and browsers drop more than %d", len(a.value), maxAttributeBytes)
		}
	}
	if c.MaxAge < 0 {
		wrong("MaxAge", "%s: it must not be negative", c.MaxAge)
	}
	// Longer values come from the application's own signer or ID generator.
	if n := len(c.Name) + nativeValueBytes; n > sign.MaxCookieBytes {
		wrong("Name", "name and value have %d bytes, and browsers drop more than %d", n, sign.MaxCookieBytes)
	}
	secure, host, hidden := c.promises()
	if secure && c.Secure == SecureNever {
		wrong("Name", "%q needs Secure", c.Name)
	}
	if host && (c.Path != "/" || c.Domain != "") {
		wrong("Name", "%q needs path / and no domain", c.Name)
	}
	if hidden && c.ScriptReadable {
		wrong("Name", "%q needs HttpOnly", c.Name)
	}
	if c.SameSite == http.SameSiteNoneMode && c.Secure == SecureNever {
		wrong("SameSite", "SameSite=None needs Secure")
	}
	if c.Partitioned && c.Secure == SecureNever {
		wrong("Partitioned", "a partitioned cookie needs Secure")
	}
	return errors.Join(errs...)
}

// promises returns what the name's prefix promises: browsers drop the cookie
// when it is not so. They compare the prefix without regard to case
// (RFC 6265bis, section 5.7).
func (c CookieOptions) promises() (secure, host, hidden bool) {
	name := strings.ToLower(c.Name)
	host = strings.HasPrefix(name, "__host-")
	hidden = strings.HasPrefix(name, "__http-") || strings.HasPrefix(name, "__host-http-")
	return host || hidden || strings.HasPrefix(name, "__secure-"), host, hidden
}

// cookie returns the cookie that carries value for maxAge, 0 being browser
// scope.
func (c CookieOptions) cookie(value string, maxAge time.Duration, tls bool) *http.Cookie {
	ck := c.attributes(tls)
	ck.Value = value
	// A fraction of a second would otherwise become "delete".
	maxAge = min(maxAge, MaxCookieAge)
	ck.MaxAge = int((maxAge + time.Second - 1) / time.Second)
	return ck
}

// checkValue returns an error for a value that browsers would not keep, or of
// which net/http would drop what is wrong and send the rest.
func (c CookieOptions) checkValue(value string) error {
	if n := len(c.Name) + len(value); n > sign.MaxCookieBytes {
		return fmt.Errorf("session: cookie: name and value have %d bytes, browsers keep %d: shorten the ID", n, sign.MaxCookieBytes)
	}
	if (&http.Cookie{Name: c.Name, Value: value}).Valid() != nil {
		return errBadValue
	}
	return nil
}

// deletion returns the cookie that makes the browser forget the session's. Its
// path and domain must be those it was set with.
func (c CookieOptions) deletion(tls bool) *http.Cookie {
	ck := c.attributes(tls)
	ck.MaxAge = -1
	ck.Expires = time.Unix(1, 0)
	return ck
}

func (c CookieOptions) attributes(tls bool) *http.Cookie {
	promised, _, _ := c.promises()
	auto := tls || promised || c.SameSite == http.SameSiteNoneMode || c.Partitioned
	return &http.Cookie{
		Name: c.Name, Path: c.Path, Domain: c.Domain,
		HttpOnly: !c.ScriptReadable, SameSite: c.SameSite, Partitioned: c.Partitioned,
		Secure: c.Secure == SecureAlways || c.Secure == SecureAuto && auto,
	}
}

// errBadValue does not show the value, nor does it wrap net/http's error, which
// shows a byte of it.
var errBadValue = errors.New("session: cookie: the signer returned a value that no cookie can carry (RFC 6265, section 4.1.1)")

// Signer authenticates the session ID in the cookie. It gives no secrecy.
type Signer interface {
	// Sign returns the cookie's value for an ID. It must be made of the
	// characters that RFC 6265 allows in a cookie's value.
	Sign(id string) (value string, err error)
	// Verify returns the ID in a cookie's value, or an error when it was not
	// made by Sign. It compares in constant time.
	Verify(value string) (id string, err error)
}

// RotatingSigner is an optional interface of a Signer that also verifies what an older
// secret has signed. The built-in signers have it (Options.PreviousSecrets).
type RotatingSigner interface {
	Signer
	// VerifyRotated is Verify, and also reports whether an older secret signed the
	// value: the response then carries a cookie that Sign has made anew.
	VerifyRotated(value string) (id string, old bool, err error)
}
