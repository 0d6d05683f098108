package settings

// CookieSecure says when the session cookie carries the Secure attribute.
type CookieSecure string

// The values of redis.sessions.cookie_secure.
const (
	SecureAuto   CookieSecure = "auto"  // when the request came over TLS
	SecureAlways CookieSecure = "true"  // in every response
	SecureNever  CookieSecure = "false" // in none
)

// SameSite is the SameSite attribute of the session cookie.
type SameSite string

// The values of redis.sessions.cookie_samesite.
const (
	SameSiteLax    SameSite = "lax"
	SameSiteStrict SameSite = "strict"
	SameSiteNone   SameSite = "none" // SameSite=None: sent from other sites too
	SameSiteOff    SameSite = "off"  // no attribute
)

// GuardedSave says how a save makes sure that no other request has saved meanwhile.
type GuardedSave string

// The values of redis.sessions.guarded_save.
const (
	GuardAuto   GuardedSave = "auto"   // by what the server has
	GuardScript GuardedSave = "script" // by Lua scripts
	GuardNative GuardedSave = "native" // by SET with IFEQ
)

// AutoPipeline says when commands of concurrent requests share a round trip.
type AutoPipeline string

// The values of redis.sessions.auto_pipeline.
const (
	PipelineOff  AutoPipeline = "off"
	PipelineAuto AutoPipeline = "auto" // while many commands are in flight
	PipelineOn   AutoPipeline = "on"
)

// OnRedisDown says what a request gets whose session cannot be loaded.
type OnRedisDown string

// The values of redis.sessions.on_redis_down.
const (
	DownError     OnRedisDown = "error"     // the error handler's answer, 503 by default
	DownAnonymous OnRedisDown = "anonymous" // an empty session that is not saved
)

// Format is the layout of the cookie, the Redis key and the record.
type Format string

// The values of redis.sessions.format. The second and third are those of the two Python
// packages, for sharing sessions with a Pyramid application.
const (
	FormatNative               Format = "native"
	FormatPyramidRedisSessions Format = "pyramid_redis_sessions"
	FormatPyramidSessionRedis  Format = "pyramid_session_redis"
)

// ExampleSecret is the one secret that this library's documentation and examples print.
// It signs nothing unless redis.sessions.debug is true.
const ExampleSecret = "change-me-this-is-the-documented-example"

// WhenFull says what a login beyond redis.sessions.user_sessions_max does.
type WhenFull string

// The values of redis.sessions.user_sessions_when_full.
const (
	EndOldest WhenFull = "end_oldest" // end the session whose login is the longest time ago
	Refuse    WhenFull = "refuse"     // refuse the login
)

// About says what is kept of the device of a login.
type About string

// The values of redis.sessions.user_sessions_about.
const (
	AboutNothing           About = "nothing"
	AboutBrowser           About = "browser"             // the names of the browser and its system
	AboutBrowserAndAddress About = "browser_and_address" // and the address of the connection
)

// DeviceBound says which sessions are bound to the browser that has logged in.
type DeviceBound string

// The values of redis.sessions.device_bound.
const (
	DeviceBoundOff      DeviceBound = "off"
	DeviceBoundOn       DeviceBound = "on"       // those of browsers that can
	DeviceBoundRequired DeviceBound = "required" // all of them: other browsers do not stay logged in
)

// ClearData is a kind of data that browsers keep for a site.
type ClearData string

// The values of redis.sessions.clear_site_data.
const (
	ClearCache   ClearData = "cache"   // cached pages
	ClearStorage ClearData = "storage" // what scripts have stored
)
