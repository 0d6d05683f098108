package factory

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
	"github.com/pyramidgo/redissessions/settings"
)

// This file is the only place where operator words become developer words.

func sessionOptions(o *settings.Options) *session.Options {
	so := &session.Options{
		Secret:            string(o.Secret),
		PreviousSecrets:   plain(o.SecretPrevious),
		IdleTimeout:       o.Timeout,
		AbsoluteTimeout:   o.AbsoluteTimeout,
		TouchAfter:        o.TimeoutTrigger,
		ValidSince:        o.ValidSince,
		ExpiryInRecord:    !o.SetRedisTTL,
		Format:            formats[o.Format],
		PythonExpires:     o.PythonExpires,
		Prefix:            o.Prefix,
		MaxRecordBytes:    o.MaxRecordBytes,
		IgnoreDeepChanges: !o.DetectChanges,
		FailOnUndecodable: !o.DeserializedFailsNew,
		InvalidateEmpty:   o.InvalidateEmptySession,
		AcceptPlain:       o.EncryptionAcceptPlain,
		AnonymousWhenDown: o.OnRedisDown == settings.DownAnonymous,
		// A save is a few commands, each within twice its own time-out.
		SaveTimeout: 2 * o.SocketTimeout,
		Cookie: session.CookieOptions{
			Name:           o.CookieName,
			Path:           o.CookiePath,
			Domain:         o.CookieDomain,
			MaxAge:         o.CookieMaxAge,
			Secure:         secureModes[o.CookieSecure],
			SameSite:       sameSites[o.CookieSameSite],
			Partitioned:    o.CookiePartitioned,
			ScriptReadable: !o.CookieHTTPOnly,
			SkipOnPanic:    !o.CookieOnException,
		},
	}
	if o.UserSessions {
		so.Users = &session.UserOptions{
			Max:      o.UserSessionsMax,
			WhenFull: whenFull[o.UserSessionsWhenFull],
			Describe: descriptions[o.UserSessionsAbout],
		}
	}
	if o.DeviceBound != settings.DeviceBoundOff {
		so.DeviceBound = dbsc.Options{
			Required: o.DeviceBound == settings.DeviceBoundRequired,
			Path:     o.DeviceBoundPath,
			Refresh:  o.DeviceBoundRefresh,
		}
	}
	if o.PassiveHeader != "" {
		so.Passive = hasHeader(http.CanonicalHeaderKey(o.PassiveHeader))
	}
	for _, kind := range o.ClearSiteData {
		so.ClearSiteData = append(so.ClearSiteData, session.ClearData(kind))
	}
	if o.Timeout == 0 {
		so.IdleTimeout = session.Never
	}
	so.EncryptionKeys, so.EncryptionKeysPrevious = keysOf(o.EncryptionKeys), keysOf(o.EncryptionKeysPrevious)
	return so
}

func keysOf(secrets []settings.Secret) (keys session.Keys) {
	for _, s := range secrets {
		b, _ := base64.StdEncoding.DecodeString(string(s)) // Parse has checked it
		keys = append(keys, b)
	}
	return keys
}

// keyOfField is the setting that fills each field of session.Options about which
// session.NewFactory may complain.
var keyOfField = map[string]string{
	"Secret":          "secret",
	"PreviousSecrets": "secret_previous",
	"Signer":          "cookie_signer",
	"IdleTimeout":     "timeout",
	"ExpiryInRecord":  "set_redis_ttl",
	"Format":          "format",
	"PythonExpires":   "python_expires",
	"Prefix":          "prefix",
	"Codec":           "encode",
	"CodecName":       "decode",
	"EncryptionKeys":  "encryption_keys",

	"EncryptionKeysPrevious": "encryption_keys_previous",
	"AcceptPlain":            "encryption_accept_plain",

	"ClearSiteData":      "clear_site_data",
	"Users":              "user_sessions",
	"DeviceBound":        "device_bound",
	"Cookie.Name":        "cookie_name",
	"Cookie.Path":        "cookie_path",
	"Cookie.Domain":      "cookie_domain",
	"Cookie.MaxAge":      "cookie_max_age",
	"Cookie.SameSite":    "cookie_samesite",
	"Cookie.Partitioned": "cookie_partitioned",
}

// optionErrors names the key for each field that session.NewFactory complains about.
func optionErrors(src settings.Source, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, optionErrors(src, e))
		}
		return errors.Join(errs...)
	}
	var wrong *session.OptionError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("factory: %w", err)
	}
	name, ok := keyOfField[wrong.Field]
	if !ok {
		return fmt.Errorf("factory: %w", err)
	}
	return located(src, name, wrong.Err)
}

// hasHeader reports whether a request has the header, whatever its value.
func hasHeader(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return len(r.Header[name]) > 0 }
}

var formats = map[settings.Format]session.Format{
	settings.FormatNative:               session.FormatNative,
	settings.FormatPyramidRedisSessions: session.FormatPyramidRedisSessions,
	settings.FormatPyramidSessionRedis:  session.FormatPyramidSessionRedis,
}

var whenFull = map[settings.WhenFull]session.WhenFull{
	settings.EndOldest: session.EndOldest,
	settings.Refuse:    session.Refuse,
}

var secureModes = map[settings.CookieSecure]session.SecureMode{
	settings.SecureAuto:   session.SecureAuto,
	settings.SecureAlways: session.SecureAlways,
	settings.SecureNever:  session.SecureNever,
}

var sameSites = map[settings.SameSite]http.SameSite{
	settings.SameSiteLax:    http.SameSiteLaxMode,
	settings.SameSiteStrict: http.SameSiteStrictMode,
	settings.SameSiteNone:   http.SameSiteNoneMode,
	settings.SameSiteOff:    http.SameSiteDefaultMode,
}

func connectOptions(o *settings.Options) connect.Options {
	co := connect.Options{
		URL:            string(o.URL),
		Host:           o.Host,
		Port:           o.Port,
		UnixSocketPath: o.UnixSocketPath,
		DB:             o.DB,
		Username:       o.Username,
		Password:       string(o.Password),
		TLS: connect.TLS{
			Enabled:    o.TLS,
			CAFile:     o.TLSCAFile,
			CertFile:   o.TLSCertFile,
			KeyFile:    o.TLSKeyFile,
			ServerName: o.TLSServerName,
		},
		Sentinel: connect.SentinelOptions{
			Master:   o.SentinelMaster,
			Addrs:    o.SentinelAddrs,
			Username: o.SentinelUsername,
			Password: string(o.SentinelPassword),
		},
		ClusterAddrs:  o.ClusterAddrs,
		DialTimeout:   o.SocketConnectTimeout,
		SocketTimeout: o.SocketTimeout,
		PoolSize:      o.PoolSize,
		MaxRetries:    o.MaxRetries,
		AutoPipeline:  autoPipelines[o.AutoPipeline],
		GuardedSave:   guardedSaves[o.GuardedSave],
		Needs:         needs(o),
		LazyConnect:   o.LazyConnect,
	}
	switch {
	case o.SentinelMaster != "":
		co.Mode = connect.Sentinel
	case len(o.ClusterAddrs) > 0:
		co.Mode = connect.Cluster
	case o.CustomConnect == embeddedConnector:
		co.Mode = connect.Embedded
	}
	return co
}

// needs says what the sessions that these settings describe send to Redis.
func needs(o *settings.Options) connect.Needs {
	n := connect.Needs{
		Prefix:      o.Prefix,
		NoTTL:       !o.SetRedisTTL,
		NeverExpire: o.Timeout == 0,
		ReadTTL:     o.TimeoutTrigger > 0 && o.SetRedisTTL,
		RestartTTL:  o.AbsoluteTimeout > 0 && o.SetRedisTTL,
		Users:       o.UserSessions,
	}
	if n.Prefix == "" {
		// In the Pyramid formats a key may be anything, and so may this one.
		n.Prefix = session.DefaultPrefix
	}
	return n
}

var guardedSaves = map[settings.GuardedSave]connect.GuardedSave{
	settings.GuardAuto:   connect.GuardedSaveAuto,
	settings.GuardScript: connect.GuardedSaveScript,
	settings.GuardNative: connect.GuardedSaveNative,
}

var autoPipelines = map[settings.AutoPipeline]connect.AutoPipeline{
	settings.PipelineOff:  connect.AutoPipelineOff,
	settings.PipelineAuto: connect.AutoPipelineAuto,
	settings.PipelineOn:   connect.AutoPipelineOn,
}

func plain(secrets []settings.Secret) []string {
	var out []string
	for _, s := range secrets {
		out = append(out, string(s))
	}
	return out
}
