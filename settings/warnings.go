package settings

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// HMAC-SHA512 is as strong as its key; OWASP asks for 128 bits at the least, and a
	// secret that people make up has far fewer than eight a letter.
	shortSecret = 32
	// quotaRefresh is what Chromium's limit of signatures leaves room for.
	quotaRefresh = 5 * time.Minute
	// longestCookie is where browsers cap Max-Age (RFC 6265bis, 5.5).
	longestCookie = 400 * 24 * time.Hour
)

// capCookieAge shortens cookie_max_age to what browsers keep; warnings says so.
func (p *parser) capCookieAge(o *Options) { o.CookieMaxAge = min(o.CookieMaxAge, longestCookie) }

// warnings finds what is valid but unwise.
func (p *parser) warnings(o *Options) []string {
	w := &warner{parser: p}
	w.secrets(o)
	w.times(o)
	w.redis(o)
	w.text()
	w.environment()
	return w.found
}

type warner struct {
	*parser
	found []string
}

func (w *warner) warn(name, format string, args ...any) {
	key := prefix + name
	if e, ok := w.given[name]; ok {
		key = e.key
	}
	w.found = append(w.found, key+": "+fmt.Sprintf(format, args...))
}

func (w *warner) secrets(o *Options) {
	switch {
	case isDocumented(o.Secret):
		w.warn("secret", "is an example from the documentation: anyone can forge this application's cookies")
	case isObvious(o.Secret):
		w.warn("secret", "is one of the first that anyone tries: anyone can forge this application's cookies")
	case o.Secret != "" && len(o.Secret) < shortSecret:
		w.warn("secret", "has %d bytes; %d or more are safe (`openssl rand -hex 32` makes them)", len(o.Secret), shortSecret)
	}
	if strings.TrimSpace(string(o.Secret)) != string(o.Secret) {
		w.warn("secret", "begins or ends with white space, which is part of it")
	}
	if strings.Contains(strings.TrimSpace(string(o.Secret)), "\n") {
		w.warn("secret", "has several lines, each of which is a secret by itself in secret_previous; when it moves there, write it as an item of a list in YAML or TOML")
	}
	for i, secret := range o.SecretPrevious {
		if len(secret) < shortSecret {
			w.warn("secret_previous", "secret %d has %d bytes; %d or more are safe", i+1, len(secret), shortSecret)
		}
	}
	if short := shortWords(w.given["secret_previous"]); short > 0 {
		w.warn("secret_previous", "a line with blanks is one secret, and each of its words that has %d bytes or more is one too; %d shorter words are none", shortSecret, short)
	}
}

func (w *warner) times(o *Options) {
	if asked, ok := w.given["cookie_max_age"].value.(time.Duration); ok && asked > longestCookie {
		w.warn("cookie_max_age", "%v is cut to 400 days, as browsers do", asked)
	}
	if o.ValidSince.After(time.Now()) {
		w.warn("valid_since", "%s is in the future: until then every session ends after the request that began it", o.ValidSince.Format(time.RFC3339))
	}
	if o.DeviceBound != DeviceBoundOff && o.DeviceBoundRefresh < quotaRefresh {
		w.warn("device_bound_refresh", "%v is less than %v: Chromium signs six times in nine minutes at most, and then sends requests that prove nothing", o.DeviceBoundRefresh, quotaRefresh)
	}
	if o.AbsoluteTimeout > 0 && w.has("timeout") && o.AbsoluteTimeout < o.Timeout {
		w.warn("absolute_timeout", "%v is less than timeout (%v), which therefore never matters", o.AbsoluteTimeout, o.Timeout)
	}
}

func (w *warner) redis(o *Options) {
	if w.has("connection_pool") {
		for _, name := range []string{"url", "unix_socket_path", "sentinel_master", "cluster_addrs"} {
			if w.has(name) {
				w.warn(name, "has no effect: connection_pool names a client that is connected already")
			}
		}
	}
	if !w.has("url") {
		return
	}
	in := inURL(string(o.URL))
	for _, name := range []string{"host", "port", "db", "username", "password", "unix_socket_path"} {
		if w.has(name) && in[name] != w.given[name].plain() {
			w.warn(name, "has no effect: url wins over it, and says otherwise")
		}
	}
}

// plain is the value as text, also of a secret.
func (e entry) plain() string {
	if secret, ok := e.value.(Secret); ok {
		return string(secret)
	}
	return fmt.Sprint(e.value)
}

// inURL returns what a URL says for the keys over which it wins, as far as net/url
// understands it; the connectors read it strictly.
func inURL(text string) map[string]string {
	u, err := url.Parse(text)
	if err != nil {
		return nil
	}
	in := map[string]string{"host": u.Hostname(), "port": u.Port(), "db": strings.Trim(u.Path, "/"), "username": u.User.Username()}
	in["password"], _ = u.User.Password()
	if u.Scheme == "unix" {
		in["unix_socket_path"], in["db"] = u.Path, ""
	}
	if query := u.Query().Get("db"); query != "" {
		in["db"] = query
	}
	for name, value := range map[string]string{"host": "localhost", "port": "6379", "db": strconv.Itoa(0)} {
		if in[name] == "" {
			in[name] = value
		}
	}
	return in
}

// text finds quotation marks and comments that became part of a value: INI files and
// variables have neither.
func (w *warner) text() {
	for s := range rows {
		e, ok := w.given[s.name]
		text, isText := e.raw.(string)
		quoting := w.from != nil && extension(w.from.file) != "ini" && e.variable == ""
		if ok && isText && !e.inFile && !quoting && inQuotes(text) {
			w.warn(s.name, "stands in quotes, which are part of the value")
		}
		if ok && isText && !s.secret && !quoting && trailingComment.MatchString(text) {
			w.warn(s.name, "holds a comment sign after a blank, which is part of the value: a comment stands on a line of its own")
		}
	}
}

// environment finds variables that do nothing.
func (w *warner) environment() {
	for _, e := range w.entries {
		if winner, ok := w.given[e.name]; ok && e.variable != "" && winner.goOnly && !e.goOnly {
			w.found = append(w.found, fmt.Sprintf("%s: environment variable %s has no effect: %s wins over it", e.key, e.variable, winner.key))
		}
	}
	if w.from == nil {
		return
	}
	for _, variable := range w.from.similar {
		w.found = append(w.found, fmt.Sprintf("environment variable %s is not read: ours begin with %s or %s", variable, envPrefix, envGoPrefix))
	}
}
