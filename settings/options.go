package settings

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Options is what Parse makes of the settings: one field for every key, in the key
// table's order. Durations, numbers and lists are ready to use; names (of codecs,
// connectors, hooks) are still names, which the factory looks up in its registry.
//
// Printing an Options never shows a secret, see [Secret], also where fmt reads it by
// reflection: inside an unexported field, or under a verb that does not fit. A copy of an
// Options has the same secrets, not a copy of them. Use Options that Parse returned: in
// one made otherwise the secrets' fields are not there.
type Options struct {
	*secrets

	// Timeout is how long a session may go unused: the idle timeout. The default is
	// 20 minutes. Zero means the session never times out.
	Timeout time.Duration

	// TimeoutTrigger is how long after its last restart the idle timeout is restarted
	// again. The default is zero: every request restarts it.
	TimeoutTrigger time.Duration

	// AbsoluteTimeout is how long a session may live, counted from its login, or without one
	// from its creation. The default is zero: as long as it is used.
	AbsoluteTimeout time.Duration

	// PassiveHeader names a header whose presence marks a request that does not restart
	// the idle timeout. The default is empty: there is no such request.
	PassiveHeader string

	// ValidSince ends every session that began before it. The default is the zero
	// time: none.
	ValidSince time.Time

	// UserSessions keeps an index of each user's sessions. The default is false.
	UserSessions bool

	// UserSessionsMax is how many sessions a user may have at once. The default, 0, is
	// any number.
	UserSessionsMax int

	// UserSessionsWhenFull says what a login beyond UserSessionsMax does. The default is
	// EndOldest.
	UserSessionsWhenFull WhenFull

	// UserSessionsAbout says what is kept of the device of a login. The default is
	// AboutNothing.
	UserSessionsAbout About

	// DeviceBound says which sessions are bound to the browser that has logged in. The
	// default is DeviceBoundOff.
	DeviceBound DeviceBound

	// DeviceBoundPath is below which browsers register and refresh. The default is
	// "/.session".
	DeviceBoundPath string

	// DeviceBoundRefresh is for how long a bound cookie is good. The default is 10 minutes.
	DeviceBoundRefresh time.Duration

	// CookieName is the session cookie's name. The default is "session".
	CookieName string

	// CookiePath is the cookie's Path attribute. The default is "/".
	CookiePath string

	// CookieDomain is the cookie's Domain attribute. The default is empty: the cookie
	// goes back only to the host that set it.
	CookieDomain string

	// CookieMaxAge is the cookie's Max-Age attribute, at most 400 days, which is where
	// browsers cap it (RFC 6265bis). The default is zero: the cookie goes when the
	// browser is closed.
	CookieMaxAge time.Duration

	// CookieSecure says when the cookie carries Secure. The default is SecureAuto.
	CookieSecure CookieSecure

	// CookieHTTPOnly keeps the cookie from scripts in the page. The default is true.
	CookieHTTPOnly bool

	// CookieSameSite is the cookie's SameSite attribute. The default is SameSiteLax.
	CookieSameSite SameSite

	// CookiePartitioned gives a page that is embedded in other sites a cookie jar per
	// site (CHIPS). The default is false.
	CookiePartitioned bool

	// CookieOnException sets the cookie also when the handler panics. The default is true.
	CookieOnException bool

	// ClearSiteData is what the browser is told to delete by the response that ends a
	// session. The default is nothing.
	ClearSiteData []ClearData

	// Host is Redis's host name or address. The default is "localhost".
	Host string

	// Port is Redis's TCP port. The default is 6379.
	Port int

	// DB is the number of the Redis database. The default is 0.
	DB int

	// Username is the Redis user (an ACL user of Redis 6 or later). The default is empty:
	// Redis's default user.
	Username string

	// UnixSocketPath is the path of Redis's Unix socket. When it is not empty it is used
	// in place of Host and Port.
	UnixSocketPath string

	// SocketTimeout is how long one command may take, reading and writing. The default
	// is 5 seconds.
	SocketTimeout time.Duration

	// SocketConnectTimeout is how long one dial may take. The default is 5 seconds.
	SocketConnectTimeout time.Duration

	// TLS encrypts the connection to Redis, as a rediss:// URL does. The default is false.
	TLS bool

	// TLSCAFile is a PEM file of the authorities that may sign Redis's certificate. The
	// default is empty: the system's.
	TLSCAFile string

	// TLSCertFile and TLSKeyFile are the PEM files of the client's certificate and of its
	// key: both or neither. The default is neither.
	TLSCertFile string
	TLSKeyFile  string

	// TLSServerName is the name that Redis's certificate must carry. The default is
	// empty: the host that was dialled.
	TLSServerName string

	// SentinelMaster is the name of the primary that Sentinel watches. When it is not
	// empty Redis is found through Sentinel.
	SentinelMaster string

	// SentinelAddrs are the Sentinels, each as host:port.
	SentinelAddrs []string

	// SentinelUsername is the user of the Sentinels themselves; Username is that of
	// Redis. The default is empty: none is sent.
	SentinelUsername string

	// ClusterAddrs are some nodes of a Redis Cluster, each as host:port. When there are
	// any, Redis is spoken to as a Cluster.
	ClusterAddrs []string

	// PoolSize is how many connections the client may hold. The default is zero: the
	// client's own default.
	PoolSize int

	// MaxRetries is how often the client sends a failed command again. The default is
	// zero: the client's own default. -1 means never (the operator writes 0 for that);
	// the meaning is that of go-redis's field of the same name.
	MaxRetries int

	// ConnectionPool names a client that the application registered. The default is
	// empty: the factory opens its own.
	ConnectionPool string

	// AutoPipeline says when commands of concurrent requests share a round trip. The
	// default is PipelineAuto.
	AutoPipeline AutoPipeline
	// GuardedSave says how a save makes sure that no other request has saved meanwhile.
	// The default is GuardAuto.
	GuardedSave GuardedSave

	// LazyConnect leaves out the ping at start-up. The default is false.
	LazyConnect bool

	// OnRedisDown says what a request gets whose session cannot be loaded. The default
	// is DownError.
	OnRedisDown OnRedisDown

	// Charset is always "utf-8", and Errors always "strict": the only values that exist in Go.
	Charset string
	Errors  string

	// CustomConnect names the connector. The default is "goredis".
	CustomConnect string

	// Encode and Decode name the codec's two functions: both or neither. The default is
	// empty: the format's own codec.
	Encode string
	Decode string

	// Format is the layout of cookie, key and record. The default is FormatNative.
	Format Format

	// Prefix begins the Redis key. Empty means that the settings do not say: the factory
	// then takes "session:" in the native format, and nothing in the Pyramid formats.
	Prefix string

	// IDGenerator names the function that makes session IDs. The default is empty: 256
	// random bits.
	IDGenerator string

	// CookieSigner names the signer that stands in for Secret. The default is empty.
	CookieSigner string

	// MaxRecordBytes is the size above which a record is refused. The default is 1 MiB.
	MaxRecordBytes int

	// EncryptionAcceptPlain reads records that are not encrypted although there are
	// EncryptionKeys. The default is false.
	EncryptionAcceptPlain bool

	// SetRedisTTL gives records a time to live in Redis. The default is true. False is
	// for a Redis that is an LRU cache; the timeout is then kept in the record.
	SetRedisTTL bool

	// SetRedisTTLReadHeavy is accepted for the Python package's sake and changes
	// nothing: reading and restarting the timeout are one command in any case.
	SetRedisTTLReadHeavy bool

	// PythonExpires writes the expiry that FormatPyramidSessionRedis keeps inside the
	// record. The default is true in that format, and false in the others, which have
	// no room for it.
	PythonExpires bool

	// DetectChanges finds changes inside stored values without a call to Changed. The
	// default is true.
	DetectChanges bool

	// DeserializedFailsNew starts a new session when the stored record cannot be
	// decoded. The default is true. False makes it an error.
	DeserializedFailsNew bool

	// InvalidateEmptySession removes a session, and its cookie, when its last value is
	// deleted. The default is true with FormatPyramidSessionRedis, as in that package
	// since its version 1.8, else false.
	InvalidateEmptySession bool

	// FuncInvalidLogger names the hook that is called for undecodable records. The default
	// is empty: none.
	FuncInvalidLogger string

	// FuncCheckResponseAllowCookies names the hook that may keep the cookie out of a
	// response, judging by its header. The default is empty: none.
	FuncCheckResponseAllowCookies string

	// Observer names the observers of all sessions (session.Options.Observer). The default
	// is empty: none.
	Observer []string

	// Debug allows secrets that everybody knows: those of the documentation and obvious
	// ones. The default is false.
	Debug bool

	// Warnings are about settings that are valid but unwise, one sentence each, for
	// the log. They never hold a secret. They come from
	// Parse, not from a key.
	Warnings []string
}

// secrets are the settings that nothing may print, behind two pointers: inside another
// value fmt follows none, and one when the verb does not fit a pointer.
type secrets struct{ *secretFields }

type secretFields struct {
	// Secret signs the cookie. It is empty only when CookieSigner is set.
	Secret Secret

	// SecretPrevious are older secrets whose cookies still verify, newest first as
	// the operator wrote them. The default is none.
	SecretPrevious []Secret

	// URL is where Redis is. It may hold a password, so it prints as [redacted]. When it
	// is not empty it wins over Host, Port, DB, Username, Password and UnixSocketPath.
	URL Secret

	// Password is the Redis user's password. The default is empty: none is sent.
	Password Secret

	// SentinelPassword is for the Sentinels themselves; Password is for Redis. The
	// default is empty: none is sent.
	SentinelPassword Secret

	// EncryptionKeys are 32-byte keys in standard padded base64, whatever alphabet the
	// operator used. The first encrypts, all decrypt. The default is none: records are
	// not encrypted.
	EncryptionKeys []Secret

	// EncryptionKeysPrevious are keys like EncryptionKeys that only decrypt. The default
	// is none.
	EncryptionKeysPrevious []Secret
}

func newOptions() *Options { return &Options{secrets: &secrets{&secretFields{}}} }

// String returns the fields, secrets as [redacted].
func (o Options) String() string {
	var b strings.Builder
	for name, value := range o.fields {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s:%v", name, value)
	}
	return "{" + b.String() + "}"
}

// GoString returns what String does.
func (o Options) GoString() string { return "settings.Options" + o.String() }

// MarshalYAML returns the fields, secrets as [redacted].
func (o Options) MarshalYAML() (any, error) {
	fields := map[string]any{}
	for name, value := range o.fields {
		fields[name] = value
	}
	return fields, nil
}

// fields ranges over the fields in their order, those of secrets among them.
func (o Options) fields(yield func(name string, value any) bool) {
	if o.secrets == nil {
		o.secrets = newOptions().secrets
	}
	all := reflect.ValueOf(o)
	for _, field := range reflect.VisibleFields(all.Type()) {
		if field.Anonymous {
			continue
		}
		if !yield(field.Name, all.FieldByIndex(field.Index).Interface()) {
			return
		}
	}
}
