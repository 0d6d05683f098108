package settings

import (
	"fmt"
	"strings"
	"time"
)

const (
	// HMAC-SHA512 is as strong as its key; OWASP asks for 128 bits at the least, and a
	// secret that people make up has far fewer than eight a letter.
	shortSecret = 32
	// longestCookie is where browsers cap Max-Age (RFC 6265bis, 5.5).
	longestCookie = 400 * 24 * time.Hour
)

// warnings finds what is valid but unwise. It caps cookie_max_age, as browsers would.
func (p *parser) warnings(o *Options) []string {
	var found []string
	warn := func(name, format string, args ...any) {
		key := prefix + name
		if e, ok := p.given[name]; ok {
			key = e.key
		}
		found = append(found, key+": "+fmt.Sprintf(format, args...))
	}
	if isDocumented(o.Secret) {
		warn("secret", "is an example from the documentation: anyone can forge this application's cookies")
	} else if o.Secret != "" && len(o.Secret) < shortSecret {
		warn("secret", "has %d bytes; %d or more are safe (`openssl rand -hex 32` makes them)", len(o.Secret), shortSecret)
	}
	if strings.TrimSpace(string(o.Secret)) != string(o.Secret) {
		warn("secret", "begins or ends with white space, which is part of it")
	}
	for i, secret := range o.SecretPrevious {
		if len(secret) < shortSecret {
			warn("secret_previous", "secret %d has %d bytes; %d or more are safe", i+1, len(secret), shortSecret)
		}
	}
	if o.CookieMaxAge > longestCookie {
		warn("cookie_max_age", "%v is cut to 400 days, as browsers do", o.CookieMaxAge)
		o.CookieMaxAge = longestCookie
	}
	if o.ValidSince.After(time.Now()) {
		warn("valid_since", "%s is in the future: until then every session ends after the request that began it", o.ValidSince.Format(time.RFC3339))
	}
	if o.AbsoluteTimeout > 0 && p.has("timeout") && o.AbsoluteTimeout < o.Timeout {
		warn("absolute_timeout", "%v is less than timeout (%v), which therefore never matters", o.AbsoluteTimeout, o.Timeout)
	}
	if p.has("connection_pool") {
		for _, name := range []string{"url", "unix_socket_path", "sentinel_master", "cluster_addrs"} {
			if p.has(name) {
				warn(name, "has no effect: connection_pool names a client that is connected already")
			}
		}
	}
	for _, e := range p.entries {
		if winner, ok := p.given[e.name]; ok && e.variable != "" && winner.goOnly && !e.goOnly {
			found = append(found, fmt.Sprintf("%s: environment variable %s has no effect: %s wins over it", e.key, e.variable, winner.key))
		}
	}
	return found
}
