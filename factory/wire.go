package factory

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
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
		ExpiryInRecord:    !o.SetRedisTTL,
		SessionFormat:     formats[o.Format],
		PythonExpires:     o.PythonExpires,
		Prefix:            o.Prefix,
		MaxRecordBytes:    o.MaxRecordBytes,
		IgnoreDeepChanges: !o.DetectChanges,
		FailOnUndecodable: !o.DeserializedFailsNew,
		InvalidateEmpty:   o.InvalidateEmptySession,
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
	if o.Timeout == 0 {
		so.IdleTimeout = session.Never
	}
	for _, key := range o.EncryptionKeys {
		b, _ := base64.StdEncoding.DecodeString(string(key)) // Parse has checked it
		so.EncryptionKeys = append(so.EncryptionKeys, b)
	}
	return so
}

var formats = map[settings.Format]session.Format{
	settings.FormatNative:               session.FormatNative,
	settings.FormatPyramidRedisSessions: session.FormatPyramidRedisSessions,
	settings.FormatPyramidSessionRedis:  session.FormatPyramidSessionRedis,
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
	case strings.EqualFold(o.CustomConnect, "embedded"):
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
