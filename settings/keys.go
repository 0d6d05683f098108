package settings

import (
	"math"
	"slices"
	"time"
)

// setting is one row of the key table.
type setting struct {
	name    string
	aliases []string
	// inverse is an alias of a boolean that means its opposite.
	inverse string
	kind    reader
	// def is the default as an operator would write it; "" is no value at all. defDoc
	// says it in words for the reference, where def does not.
	def, defDoc string
	doc         string
	// put stores a value that kind has read.
	put func(o *Options, value any)
	// secret keeps the value out of every message.
	secret bool
	// noneIsValue lets Python's None through to kind; elsewhere it means "not set".
	noneIsValue bool
}

// group is one heading of the reference.
type group struct {
	title    string
	settings []setting
}

// table is every key. Parsing, the unknown-key error and docs/settings.md all read it.
//
//go:generate go test . -run TestSettingsDoc -update
var table = []group{
	{"The session", []setting{
		{name: "secret", kind: secretText, secret: true, put: into(func(o *Options) *Secret { return &o.Secret }),
			defDoc: "required, unless cookie_signer is set", doc: "Signs the cookie. Use 32 random bytes or more."},
		{name: "secret_previous", kind: secretList, secret: true, put: into(func(o *Options) *[]Secret { return &o.SecretPrevious }),
			doc: "Older secrets whose cookies still verify, so that a new secret logs no one out. One a line; in a line with blanks the whole line is one, and so is each word of 32 bytes or more."},
		{name: "timeout", kind: orNever(pause), noneIsValue: true, def: "1200", put: into(func(o *Options) *time.Duration { return &o.Timeout }),
			doc: "Idle timeout: how long a session may go unused."},
		{name: "timeout_trigger", kind: pause, def: "0", put: into(func(o *Options) *time.Duration { return &o.TimeoutTrigger }),
			doc: "Restart the idle timeout only when this long has passed since its last restart. 0: at every use, by the command that reads the session. A session with another timeout, such as one that Remember has set, and every session with set_redis_ttl = false need a second command for that: they are restarted when a tenth of the timeout, and at most an hour, has passed. 0.001: at every use for them too; every read then takes a second round trip."},
		{name: "absolute_timeout", kind: pause, put: into(func(o *Options) *time.Duration { return &o.AbsoluteTimeout }),
			doc: "How long a session may live, counted from its login, or else from its creation."},
		{name: "passive_header", kind: text("the name of a header (X-Background)", headerName), put: into(func(o *Options) *string { return &o.PassiveHeader }),
			doc: "A request with this header, such as a page's polling, does not restart the idle timeout."},
		{name: "valid_since", kind: moment, put: into(func(o *Options) *time.Time { return &o.ValidSince }),
			doc: "Sessions that began before this time have ended: everybody logs in again, with no new secret."},
		{name: "user_sessions", kind: onOff, def: "false", put: into(func(o *Options) *bool { return &o.UserSessions }),
			doc: "Keep an index of each user's sessions, so that they can be listed and ended (users.md)."},
		{name: "user_sessions_max", kind: count(0, math.MaxInt32), def: "0", put: into(func(o *Options) *int { return &o.UserSessionsMax }),
			doc: "How many sessions a user may have at once; 0 is any number."},
		{name: "user_sessions_when_full", kind: choice(EndOldest, Refuse), def: "end_oldest", put: into(func(o *Options) *WhenFull { return &o.UserSessionsWhenFull }),
			doc: "What a login beyond that number does: end the oldest login, or be refused."},
		{name: "user_sessions_about", kind: choice(AboutNothing, AboutBrowser, AboutBrowserAndAddress), def: "nothing", put: into(func(o *Options) *About { return &o.UserSessionsAbout }),
			doc: "What is kept of the device of a login, for the list of a user's sessions. It is personal data."},
		{name: "device_bound", kind: choice(DeviceBoundOff, DeviceBoundOn, DeviceBoundRequired), def: "off", put: into(func(o *Options) *DeviceBound { return &o.DeviceBound }),
			doc: "Bind the sessions of browsers that can to the machine of the login, so that stolen cookies open nothing elsewhere; required: other browsers do not stay logged in. Experimental (device-bound.md)."},
		{name: "device_bound_path", kind: text("a path within cookie_path that begins with / and ends without one", devicePath), def: "/.session", put: into(func(o *Options) *string { return &o.DeviceBoundPath }),
			doc: "Path below which browsers prove, by POST, where they are. It must reach the session's Handler."},
		{name: "device_bound_refresh", kind: lasting, def: "10m", put: into(func(o *Options) *time.Duration { return &o.DeviceBoundRefresh }),
			doc: "How often a browser has to prove it: a copy of its cookies is of use for that long."},
		{name: "detect_changes", kind: onOff, def: "true", put: into(func(o *Options) *bool { return &o.DetectChanges }),
			doc: "Find changes inside stored values without a call to Changed."},
		{name: "deserialized_fails_new", kind: onOff, def: "true", put: into(func(o *Options) *bool { return &o.DeserializedFailsNew }),
			doc: "A record that cannot be decoded starts a new session, and the invalid hook is called. False: it is an error."},
		{name: "invalidate_empty_session", kind: onOff, defDoc: "true in pyramid_session_redis", put: into(func(o *Options) *bool { return &o.InvalidateEmptySession }),
			doc: "Remove a session, and its cookie, when its last value is deleted."},
		{name: "id_generator", kind: name, put: into(func(o *Options) *string { return &o.IDGenerator }),
			doc: "Registered function that makes session IDs."},
		{name: "func_invalid_logger", kind: name, put: into(func(o *Options) *string { return &o.FuncInvalidLogger }),
			doc: "Registered hook that is called for each cookie and record that was not accepted."},
		{name: "observer", kind: names, defDoc: "none", put: into(func(o *Options) *[]string { return &o.Observer }),
			doc: "Registered observers, one or several, that are told what becomes of each session: for metrics, traces and logs (observing.md)."},
		{name: "debug", kind: onOff, def: "false", put: into(func(o *Options) *bool { return &o.Debug }),
			doc: "Allow secrets that everybody knows, and sessions in the process only."},
	}},
	{"The cookie", []setting{
		{name: "cookie_name", kind: text("a cookie name", cookieName), def: "session", put: into(func(o *Options) *string { return &o.CookieName }),
			doc: "Name of the cookie. With `__Host-` or `__Secure-` the browser enforces what those names promise."},
		{name: "cookie_path", kind: text("a path that begins with /", cookiePath), def: "/", put: into(func(o *Options) *string { return &o.CookiePath }),
			doc: "Path under which the browser sends the cookie."},
		{name: "cookie_domain", kind: text("a host name (example.com)", cookieDomain), put: into(func(o *Options) *string { return &o.CookieDomain }),
			doc: "Domain whose hosts all get the cookie. Not set: only the host that set it."},
		{name: "cookie_max_age", kind: pause, defDoc: "browser scope", put: into(func(o *Options) *time.Duration { return &o.CookieMaxAge }),
			doc: "How long the browser keeps the cookie, at most 400 days. Not set, 0 or None: until it is closed. In the native format it is sent again to an active visitor when a tenth of it has passed."},
		{name: "cookie_secure", kind: choice(SecureAuto, SecureAlways, SecureNever), def: "auto", put: into(func(o *Options) *CookieSecure { return &o.CookieSecure }),
			doc: "Keep the cookie off plain HTTP. auto: Secure when the request came over TLS."},
		{name: "cookie_httponly", kind: onOff, def: "true", put: into(func(o *Options) *bool { return &o.CookieHTTPOnly }),
			doc: "Keep the cookie from scripts in the page."},
		{name: "cookie_samesite", kind: choice(SameSiteLax, SameSiteStrict, SameSiteNone, SameSiteOff), noneIsValue: true, def: "lax", put: into(func(o *Options) *SameSite { return &o.CookieSameSite }),
			doc: "SameSite attribute, in any case: None is the value of that name here. off: no attribute."},
		{name: "cookie_partitioned", kind: onOff, def: "false", put: into(func(o *Options) *bool { return &o.CookiePartitioned }),
			doc: "A cookie jar per embedding site (CHIPS)."},
		{name: "cookie_on_exception", kind: onOff, def: "true", put: into(func(o *Options) *bool { return &o.CookieOnException }),
			doc: "Set the cookie also when the handler panics. When false, a session that began in the request is taken back; the cookie of a renewed one is set and that of an ended one deleted all the same."},
		{name: "clear_site_data", kind: words(ClearCache, ClearStorage), defDoc: "nothing", put: into(func(o *Options) *[]ClearData { return &o.ClearSiteData }),
			doc: "What the browser is told to delete by the page that ends a session (Clear-Site-Data)."},
		{name: "cookie_signer", kind: name, put: into(func(o *Options) *string { return &o.CookieSigner }),
			doc: "Registered signer that stands in for secret."},
		{name: "func_check_response_allow_cookies", kind: name, put: into(func(o *Options) *string { return &o.FuncCheckResponseAllowCookies }),
			doc: "Registered hook that may keep the cookie out of a response, judging by its header."},
	}},
	{"Where Redis is", redisPrefixed([]setting{
		{name: "url", kind: location("a URL like redis://localhost:6379/0", urlShape), secret: true, put: into(func(o *Options) *Secret { return &o.URL }),
			doc: "Redis's address in one line. Wins over host, port, db, username, password and unix_socket_path."},
		{name: "host", kind: text("a host name or address", hostName), def: "localhost", put: into(func(o *Options) *string { return &o.Host }), doc: "Host name or address."},
		{name: "port", kind: count(1, math.MaxUint16), def: "6379", put: into(func(o *Options) *int { return &o.Port }), doc: "TCP port."},
		{name: "db", kind: count(0, math.MaxInt32), def: "0", put: into(func(o *Options) *int { return &o.DB }), doc: "Number of the database."},
		{name: "username", kind: text("text"), put: into(func(o *Options) *string { return &o.Username }), doc: "ACL user."},
		{name: "password", kind: secretText, secret: true, put: into(func(o *Options) *Secret { return &o.Password }), doc: "Password."},
		{name: "unix_socket_path", kind: text("a path"), put: into(func(o *Options) *string { return &o.UnixSocketPath }), doc: "Path of a Unix socket, in place of host and port."},
		{name: "tls", kind: onOff, def: "false", put: into(func(o *Options) *bool { return &o.TLS }), doc: "Encrypt the connection, as a rediss:// URL does."},
		{name: "tls_ca_file", kind: text("a path"), put: into(func(o *Options) *string { return &o.TLSCAFile }), doc: "PEM file of the authorities that may sign Redis's certificate."},
		{name: "tls_cert_file", kind: text("a path"), put: into(func(o *Options) *string { return &o.TLSCertFile }), doc: "PEM file of the client's certificate."},
		{name: "tls_key_file", kind: text("a path"), put: into(func(o *Options) *string { return &o.TLSKeyFile }), doc: "PEM file of the client certificate's key."},
		{name: "tls_server_name", kind: text("a host name", hostName), put: into(func(o *Options) *string { return &o.TLSServerName }), doc: "Name that Redis's certificate must carry. Not set: the host that is dialled."},
		{name: "sentinel_master", kind: text("the name of a primary"), put: into(func(o *Options) *string { return &o.SentinelMaster }), doc: "Name of the primary that Sentinel watches."},
		{name: "sentinel_addrs", kind: addresses(26379), put: into(func(o *Options) *[]string { return &o.SentinelAddrs }), doc: "The Sentinels."},
		{name: "sentinel_username", kind: text("text"), put: into(func(o *Options) *string { return &o.SentinelUsername }), doc: "ACL user of the Sentinels themselves."},
		{name: "sentinel_password", kind: secretText, secret: true, put: into(func(o *Options) *Secret { return &o.SentinelPassword }), doc: "Password of the Sentinels themselves."},
		{name: "cluster_addrs", kind: addresses(6379), put: into(func(o *Options) *[]string { return &o.ClusterAddrs }), doc: "Some nodes of a Redis Cluster."},
	})},
	{"How Redis is spoken to", append(redisPrefixed([]setting{
		{name: "socket_timeout", kind: wait, def: "5", put: into(func(o *Options) *time.Duration { return &o.SocketTimeout }), doc: "How long one command may take."},
		{name: "socket_connect_timeout", kind: wait, def: "5", put: into(func(o *Options) *time.Duration { return &o.SocketConnectTimeout }), doc: "How long one dial may take."},
		{name: "pool_size", kind: count(1, math.MaxInt32), defDoc: "the client's", put: into(func(o *Options) *int { return &o.PoolSize }), doc: "Most connections at a time."},
		{name: "max_retries", kind: retries(100), defDoc: "the client's", put: into(func(o *Options) *int { return &o.MaxRetries }), doc: "How often a failed command is sent again. 0: never."},
		{name: "connection_pool", kind: name, put: into(func(o *Options) *string { return &o.ConnectionPool }), doc: "Name of a client that the application registered."},
	}), []setting{
		{name: "auto_pipeline", kind: choice(PipelineOff, PipelineAuto, PipelineOn), def: "auto", put: into(func(o *Options) *AutoPipeline { return &o.AutoPipeline }),
			doc: "Let commands of concurrent requests share a round trip. auto: while many are in flight, with the goredis connector. on: always, which is slower for few."},
		{name: "guarded_save", kind: choice(GuardAuto, GuardScript, GuardNative), def: "auto", put: into(func(o *Options) *GuardedSave { return &o.GuardedSave }),
			doc: "How a save makes sure that no other request has saved meanwhile. auto: by SET with IFEQ where the server has it (Valkey 8.1, Redis 8.4), else by a Lua script. script and native: by only one of them."},
		{name: "lazy_connect", kind: onOff, def: "false", put: into(func(o *Options) *bool { return &o.LazyConnect }), doc: "Do not ask Redis anything at start-up: neither whether it is there, nor whether it does what sessions need."},
		{name: "on_redis_down", kind: choice(DownError, DownAnonymous), def: "error", put: into(func(o *Options) *OnRedisDown { return &o.OnRedisDown }),
			doc: "What a request gets whose session cannot be loaded because Redis does not answer: an error (503), or an empty session that is not saved. When Redis refuses (NOPERM, WRONGTYPE, WRONGPASS) it is always an error (500)."},
		{name: "custom_connect", aliases: []string{"client_callable", "redis_client_callable"}, kind: name, def: "goredis", put: into(func(o *Options) *string { return &o.CustomConnect }),
			doc: "Connector: goredis, redigo, or one that the program adds, such as embedded."},
		{name: "charset", aliases: []string{"encoding", "redis_encoding", "redis_charset"}, kind: only("utf-8", "Go's text is UTF-8", "utf8", "utf_8"), def: "utf-8", put: into(func(o *Options) *string { return &o.Charset }),
			doc: "Accepted for the Python packages' sake."},
		{name: "errors", aliases: []string{"encoding_errors", "redis_encoding_errors", "redis_errors"}, kind: only("strict", "text that is not UTF-8 is never written"), def: "strict", put: into(func(o *Options) *string { return &o.Errors }),
			doc: "Accepted for the Python packages' sake."},
	}...)},
	{"The record", []setting{
		{name: "format", kind: choice(FormatNative, FormatPyramidRedisSessions, FormatPyramidSessionRedis), def: "native", put: into(func(o *Options) *Format { return &o.Format }),
			doc: "Layout of cookie, key and record. The other two share sessions with a Pyramid application, see sharing-with-pyramid.md."},
		{name: "encode", aliases: []string{"serialize"}, kind: name, defDoc: "the format's", put: into(func(o *Options) *string { return &o.Encode }),
			doc: "Registered encoder (cbor, json, msgpack, ...); Python's names for them work too."},
		{name: "decode", aliases: []string{"deserialize"}, kind: name, defDoc: "the format's", put: into(func(o *Options) *string { return &o.Decode }),
			doc: "Registered decoder; given together with encode."},
		{name: "prefix", kind: text("text"), defDoc: "`session:` in the native format, else none", put: into(func(o *Options) *string { return &o.Prefix }),
			doc: "Begins the Redis key. In the Pyramid formats it is part of the session ID."},
		{name: "encryption_keys", kind: encryptionKeys, secret: true, put: into(func(o *Options) *[]Secret { return &o.EncryptionKeys }),
			doc: "Encrypts records: 32 bytes each, in base64. The first encrypts, all decrypt."},
		{name: "encryption_keys_previous", kind: encryptionKeys, secret: true, put: into(func(o *Options) *[]Secret { return &o.EncryptionKeysPrevious }),
			doc: "Keys that only decrypt: older ones, or one that is to encrypt once every server has it (deploying.md)."},
		{name: "encryption_accept_plain", kind: onOff, def: "false", put: into(func(o *Options) *bool { return &o.EncryptionAcceptPlain }),
			doc: "Read records that are not encrypted, while the first of encryption_keys is brought in. Each is encrypted when it is next used."},
		{name: "max_record_bytes", kind: size(512 << 20), def: "1 MiB", put: into(func(o *Options) *int { return &o.MaxRecordBytes }),
			doc: "A larger record is refused, and nothing is written."},
		{name: "set_redis_ttl", inverse: "assume_redis_lru", kind: onOff, def: "true", put: into(func(o *Options) *bool { return &o.SetRedisTTL }),
			doc: "Give records a time to live. False: Redis is an LRU cache, and the timeout is kept in the record, which a read then writes anew when timeout_trigger says so."},
		{name: "set_redis_ttl_readheavy", kind: onOff, def: "false", put: into(func(o *Options) *bool { return &o.SetRedisTTLReadHeavy }),
			doc: "Accepted for the Python package's sake: a read restarts the timeout in one command in any case."},
		{name: "python_expires", kind: onOff, defDoc: "true in pyramid_session_redis", put: into(func(o *Options) *bool { return &o.PythonExpires }),
			doc: "Write the expiry that pyramid_session_redis keeps inside its record. A read then writes the record too."},
	}},
}

// refused are keys of the Python packages, and of the Redis client below them, that mean
// nothing in Go. Each has the sentence that the operator is told. An empty value is fine:
// go.redis.sessions.cookie_comment = takes the key back for Go.
var refused = map[string]string{
	"cookie_comment":         "browsers ignore a cookie's comment (RFC 6265 dropped it); leave the key out",
	"cookie_expires":         "a fixed date makes no sense for a session; set cookie_max_age",
	"klass":                  "a Python class cannot be named here; set custom_connect to the name of a registered connector",
	"redis_klass":            "a Python class cannot be named here; set custom_connect to the name of a registered connector",
	"decode_responses":       "records are bytes, in Go always; leave the key out",
	"redis_decode_responses": "records are bytes, in Go always; leave the key out",
	"retry_on_timeout":       "it belongs to the Python client; set max_retries",
	"redis_retry_on_timeout": "it belongs to the Python client; set max_retries",
	"ssl":                    "it belongs to the Python client; set tls, or a rediss:// URL",
	"redis_ssl":              "it belongs to the Python client; set tls, or a rediss:// URL",
	"ssl_ca_certs":           "it belongs to the Python client; set tls_ca_file",
	"ssl_certfile":           "it belongs to the Python client; set tls_cert_file",
	"ssl_keyfile":            "it belongs to the Python client; set tls_key_file",
	"ssl_cert_reqs":          "Redis's certificate is always verified; leave the key out",
	"max_connections":        "it belongs to the Python client; set pool_size",
	"redis_max_connections":  "it belongs to the Python client; set pool_size",
}

// into stores a value in the field of its type.
func into[T any](field func(*Options) *T) func(*Options, any) {
	return func(o *Options, value any) { *field(o) = value.(T) }
}

// redisPrefixed adds the spelling of pyramid_session_redis to each setting: redis_host
// for host.
func redisPrefixed(settings []setting) []setting {
	for i := range settings {
		settings[i].aliases = append(settings[i].aliases, "redis_"+settings[i].name)
	}
	return settings
}

// spelling is what one name under the prefix stands for.
type spelling struct {
	*setting
	inverted bool
	inFile   bool // the value is the name of the file that holds the secret
}

// fileTwin is what the name of a secret's key is followed by in the name of the key that
// has its file.
const fileTwin = "_file"

// spellings finds a setting by its name or by an alias.
var spellings = func() map[string]spelling {
	found := map[string]spelling{}
	for s := range rows {
		for _, name := range slices.Concat([]string{s.name}, s.aliases) {
			found[name] = spelling{setting: s}
			if s.secret {
				found[name+fileTwin] = spelling{setting: s, inFile: true}
			}
		}
		if s.inverse != "" {
			found[s.inverse] = spelling{setting: s, inverted: true}
		}
	}
	return found
}()

// rows ranges over the table's settings.
func rows(yield func(*setting) bool) {
	for g := range table {
		for i := range table[g].settings {
			if !yield(&table[g].settings[i]) {
				return
			}
		}
	}
}
