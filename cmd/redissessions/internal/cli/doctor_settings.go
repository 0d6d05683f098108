package cli

import (
	"strings"

	"github.com/pyramidgo/redissessions/settings"
)

// lookAtSettings says what is allowed and unwise in the settings.
func (d *diagnosis) lookAtSettings() {
	o := d.Settings
	for _, text := range o.Warnings {
		d.find(warning, "settings", "%s", text)
	}
	for _, err := range d.Unregistered {
		d.find(note, "settings", "known to the application only: %s", err)
	}
	if o.ConnectionPool != "" || o.CustomConnect != "goredis" && o.CustomConnect != "redigo" {
		d.find(note, "connection", "the application connects by a client or a connector of its own; this command goes by the other settings")
	}
	before := d.worst
	d.lookAtCookie(o)
	if d.worst == before {
		d.find(ok, "cookie", "%s", o.CookieName)
	}
	switch {
	case o.CookieSigner != "":
	case o.Debug:
		d.find(warning, "secret", "redis.sessions.debug is on: secrets that everybody knows are accepted; take it out in production")
	case len(o.Warnings) == 0:
		d.find(ok, "secret", "%d bytes, and %d previous", len(o.Secret), len(o.SecretPrevious))
	}
	if o.EncryptionAcceptPlain {
		d.find(warning, "encryption", "encryption_accept_plain is on: whoever can write to Redis can write a session without the key; take it out one timeout after the key was brought in")
	}
	if o.Timeout == 0 && o.AbsoluteTimeout == 0 {
		d.find(warning, "timeout", "sessions never end, and the server fills up: set timeout or absolute_timeout")
	}
}

func (d *diagnosis) lookAtCookie(o *settings.Options) {
	name := strings.ToLower(o.CookieName)
	switch {
	case o.CookieSecure == settings.SecureNever:
		d.find(warning, "cookie", "cookie_secure is false: the cookie is sent over plain HTTP too, where anyone on the way can take it; set auto, or true")
	case !strings.HasPrefix(name, "__host-") && o.CookieDomain == "":
		d.find(note, "cookie", "on a site that has TLS only, cookie_name = __Host-Http-session keeps other hosts and scripts from setting it; every visitor logs in again once")
	}
	if !o.CookieHTTPOnly {
		d.find(warning, "cookie", "cookie_httponly is false: scripts in a page can read the cookie; set true, unless one must")
	}
	switch o.CookieSameSite {
	case settings.SameSiteNone:
		d.find(warning, "cookie", "cookie_samesite is none: other sites' pages can send requests with the cookie; the handlers need CSRFProtection")
	case settings.SameSiteOff:
		d.find(warning, "cookie", "cookie_samesite is off, and browsers differ in what they make of that; set lax")
	case settings.SameSiteLax, settings.SameSiteStrict:
	}
	if o.CookieDomain != "" {
		d.find(note, "cookie", "cookie_domain is %s: every host under it gets the cookie, and can set one", o.CookieDomain)
	}
}
