package settings

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// contradictions finds keys that cannot both be meant. A key whose own value is wrong
// already takes no part: its default was not what the operator meant.
func (p *parser) contradictions(o *Options) {
	p.checkSecrets(o)
	p.checkTimes(o)
	p.checkCookie(o)
	p.checkRedis(o)
	p.checkFormat(o)
	p.checkUsers(o)
	p.checkDevice(o)
}

// checkDevice refuses keys about a binding that is off, and what it cannot be with.
func (p *parser) checkDevice(o *Options) {
	if o.DeviceBound == DeviceBoundOff {
		for _, name := range []string{"device_bound_path", "device_bound_refresh"} {
			if p.has(name) && !p.bad["device_bound"] {
				p.clash("has no effect while device_bound is off; set device_bound = on, or remove it", name)
			}
		}
		return
	}
	if o.CookiePartitioned {
		p.clash("contradicts cookie_partitioned: browsers do not refresh a partitioned cookie", "device_bound", "cookie_partitioned")
	}
	if o.CookieSecure == SecureNever {
		p.clash("contradicts cookie_secure = false: browsers bind sessions over TLS only", "device_bound", "cookie_secure")
	}
	if o.Format != FormatNative {
		p.clash(fmt.Sprintf("needs the native format: the records of %s have no room for the key, and the Python package would not ask for the proof", o.Format), "device_bound", "format")
	}
	if path, cookie := o.DeviceBoundPath, o.CookiePath; path != cookie && !strings.HasPrefix(path, strings.TrimSuffix(cookie, "/")+"/") {
		p.clash(fmt.Sprintf("device_bound_path (%q) is not within cookie_path (%q): browsers would send their proofs without the session's cookie", path, cookie), "device_bound_path", "cookie_path")
	}
}

// checkUsers refuses keys about an index that is off.
func (p *parser) checkUsers(o *Options) {
	for _, name := range []string{"user_sessions_max", "user_sessions_when_full", "user_sessions_about"} {
		if p.has(name) && !o.UserSessions && !p.bad["user_sessions"] {
			p.clash("has no effect while user_sessions is not true; set user_sessions = true, or remove it", name)
		}
	}
	if p.has("user_sessions_when_full") && o.UserSessions && o.UserSessionsMax == 0 {
		p.clash("has no effect without user_sessions_max; set it to how many sessions a user may have", "user_sessions_when_full", "user_sessions_max")
	}
}

// has reports whether the source gives a usable value for the setting.
func (p *parser) has(name string) bool {
	_, ok := p.given[name]
	return ok
}

// clash reports a contradiction at the first of the names that the source gives, unless
// one of them is bad already.
func (p *parser) clash(err string, names ...string) {
	key := prefix + names[0]
	for i := len(names) - 1; i >= 0; i-- {
		if p.bad[names[i]] {
			return
		}
		if e, ok := p.given[names[i]]; ok {
			key = e.key
		}
	}
	p.fail(key, errors.New(err))
}

func (p *parser) checkSecrets(o *Options) {
	switch signer := p.has("cookie_signer"); {
	case signer && p.has("secret"):
		p.clash("contradicts cookie_signer, which signs in its place; set one of them", "secret", "cookie_signer")
	case signer && p.has("secret_previous"):
		p.clash("contradicts cookie_signer, which alone decides what verifies", "secret_previous", "cookie_signer")
	case !signer && !p.has("secret"):
		p.clash("is required: set it to a long random text (`openssl rand -hex 32` makes one), or set cookie_signer"+p.notFound(), "secret", "cookie_signer")
	}
	if o.Debug {
		return
	}
	if isDocumented(o.Secret) {
		p.clash("is an example from the documentation, which everyone knows; make your own (`openssl rand -hex 32`), or set debug = true to try things out", "secret", "debug")
	} else if isObvious(o.Secret) {
		p.clash("is one of the first secrets that anyone tries; make your own (`openssl rand -hex 32`), or set debug = true to try things out", "secret", "debug")
	}
	for i, secret := range o.SecretPrevious {
		if isDocumented(secret) {
			p.clash(fmt.Sprintf("secret %d is an example from the documentation, which everyone knows; take it out", i+1), "secret_previous", "debug")
		} else if isObvious(secret) {
			p.clash(fmt.Sprintf("secret %d is one of the first that anyone tries; take it out", i+1), "secret_previous", "debug")
		}
	}
}

// isDocumented knows the secrets that stand in this project's documentation and in that
// of the Python package.
func isDocumented(secret Secret) bool {
	folded := bytes.ToLower([]byte(secret))
	return string(folded) == "your_cookie_signing_secret" || bytes.HasPrefix(folded, []byte("change-me"))
}

func (p *parser) checkTimes(o *Options) {
	if o.Timeout > 0 && o.TimeoutTrigger >= o.Timeout {
		p.clash(fmt.Sprintf("%v is not less than timeout (%v): sessions would end before it restarts", o.TimeoutTrigger, o.Timeout), "timeout_trigger", "timeout")
	}
	if o.Format != FormatNative && o.Timeout%time.Second != 0 {
		p.clash(fmt.Sprintf("%v: the format %s keeps whole seconds", o.Timeout, o.Format), "timeout", "format")
	}
}

func (p *parser) checkCookie(o *Options) {
	if o.CookieSecure == SecureNever {
		if o.CookieSameSite == SameSiteNone {
			p.clash("none needs a secure cookie, and cookie_secure is false: browsers drop such a cookie", "cookie_samesite", "cookie_secure")
		}
		if o.CookiePartitioned {
			p.clash("needs a secure cookie, and cookie_secure is false: browsers drop such a cookie", "cookie_partitioned", "cookie_secure")
		}
	}
	// Browsers compare these prefixes without regard to case (RFC 6265bis, 5.4 and 5.7).
	name := strings.ToLower(o.CookieName)
	host := strings.HasPrefix(name, "__host-")
	http := strings.HasPrefix(name, "__http-") || strings.HasPrefix(name, "__host-http-")
	if (host || http || strings.HasPrefix(name, "__secure-")) && o.CookieSecure == SecureNever {
		p.clash(fmt.Sprintf("%q needs a secure cookie, and cookie_secure is false", o.CookieName), "cookie_name", "cookie_secure")
	}
	if host && o.CookiePath != "/" {
		p.clash(fmt.Sprintf("%q needs cookie_path = /", o.CookieName), "cookie_name", "cookie_path")
	}
	if host && o.CookieDomain != "" {
		p.clash(fmt.Sprintf("%q must not have a cookie_domain", o.CookieName), "cookie_name", "cookie_domain")
	}
	if http && !o.CookieHTTPOnly {
		p.clash(fmt.Sprintf("%q needs cookie_httponly = true", o.CookieName), "cookie_name", "cookie_httponly")
	}
}

func (p *parser) checkRedis(o *Options) {
	url := strings.ToLower(string(o.URL))
	sentinelURL := strings.HasPrefix(url, "redis-sentinel://") || strings.HasPrefix(url, "rediss-sentinel://")
	for _, name := range []string{"sentinel_master", "sentinel_addrs", "sentinel_username", "sentinel_password"} {
		if p.has(name) && p.has("cluster_addrs") {
			p.clash("contradicts cluster_addrs: a Cluster has no Sentinels", name, "cluster_addrs")
		}
	}
	for _, name := range []string{"sentinel_master", "sentinel_addrs", "cluster_addrs"} {
		if p.has(name) && p.has("url") {
			p.clash("contradicts url, which says where Redis is; set one of them", name, "url")
		}
		if p.has(name) && p.has("unix_socket_path") && !p.has("url") {
			p.clash("contradicts unix_socket_path; set one of them", name, "unix_socket_path")
		}
	}
	if p.has("sentinel_addrs") && !p.has("sentinel_master") {
		p.clash("needs sentinel_master, the name of the primary", "sentinel_addrs", "sentinel_master")
	}
	if p.has("sentinel_master") && !p.has("sentinel_addrs") {
		p.clash("needs sentinel_addrs, the Sentinels to ask", "sentinel_master", "sentinel_addrs")
	}
	for _, name := range []string{"sentinel_username", "sentinel_password"} {
		if p.has(name) && !p.has("sentinel_master") && !p.has("sentinel_addrs") && !p.has("cluster_addrs") && !sentinelURL {
			p.clash("is for Sentinel, and neither sentinel_master nor a redis-sentinel:// url is set", name, "sentinel_master", "url")
		}
	}
	if p.has("cluster_addrs") && o.DB != 0 {
		p.clash("a Redis Cluster has database 0 only", "db", "cluster_addrs")
	}
	p.checkTLS(o, strings.HasPrefix(url, "rediss"))
}

func (p *parser) checkTLS(o *Options, tlsURL bool) {
	if p.has("tls_cert_file") != p.has("tls_key_file") {
		p.clash("tls_cert_file and tls_key_file need each other", "tls_cert_file", "tls_key_file")
	}
	if o.TLS || tlsURL || p.has("connection_pool") {
		return
	}
	for _, name := range []string{"tls_ca_file", "tls_cert_file", "tls_key_file", "tls_server_name"} {
		if p.has(name) {
			p.clash("has no effect without TLS: set tls = true, or a rediss:// url", name, "tls", "url")
		}
	}
}

func (p *parser) checkFormat(o *Options) {
	if p.has("encode") != p.has("decode") {
		p.clash("encode and decode need each other", "encode", "decode")
	}
	if o.Format != FormatNative && p.has("prefix") && p.has("id_generator") {
		p.clash("contradicts id_generator: in this format the prefix is part of the ID", "prefix", "id_generator", "format")
	}
	if o.Format != FormatPyramidSessionRedis && o.PythonExpires {
		p.clash("exists in the format pyramid_session_redis only", "python_expires", "format")
	}
	for name, on := range map[string]bool{
		"encryption_keys": len(o.EncryptionKeys) > 0, "encryption_keys_previous": len(o.EncryptionKeysPrevious) > 0,
	} {
		if o.Format != FormatNative && on {
			p.clash("the Python application could not read encrypted records; leave them out in this format", name, "format")
		}
	}
	if o.Format != FormatNative && o.EncryptionAcceptPlain {
		p.clash("no record is encrypted in this format; leave it out", "encryption_accept_plain", "format")
	}
	p.checkExpiry(o)
}

// checkExpiry finds where a Pyramid format has no place for the timeout.
func (p *parser) checkExpiry(o *Options) {
	switch o.Format {
	case FormatPyramidRedisSessions:
		if o.Timeout == 0 {
			p.clash("the package pyramid_redis_sessions has no sessions without a timeout: its EXPIRE with 0 deletes them at once; set one", "timeout", "format")
		}
		if !o.SetRedisTTL {
			p.clash("the package pyramid_redis_sessions always gives records a time to live, and has no other place for it", "set_redis_ttl", "format")
		}
	case FormatPyramidSessionRedis:
		if !o.SetRedisTTL && !o.PythonExpires && o.Timeout > 0 {
			p.clash("the timeout is in Redis or, with python_expires, in the record; with neither no session would ever time out: set python_expires = true, or timeout = None", "set_redis_ttl", "python_expires", "timeout", "format")
		}
	}
}
