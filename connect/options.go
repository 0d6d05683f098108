package connect

import (
	"log/slog"
	"time"
)

// Defaults of Options.
const (
	DefaultHost         = "localhost"
	DefaultPort         = 6379
	DefaultSentinelPort = 26379
	DefaultTimeout      = 5 * time.Second
)

// Options says where Redis is and how to talk to it. The zero value is
// localhost:6379, database 0, with time-outs of 5 seconds. It prints as the
// place that it names, under every verb that fmt lets a type decide about:
// never with a password.
type Options struct {
	// URL, when set, takes the place of Mode, Host, Port, DB, Username,
	// Password, UnixSocketPath and the addresses of Sentinel and Cluster; the
	// other fields apply beside it. ParseURL has the forms.
	URL string

	// Mode is how Redis is deployed. The default is Single.
	Mode Mode

	// Host and Port are where a single server listens. The defaults are
	// localhost and 6379. An IPv6 address is written without brackets.
	Host string
	Port int
	// UnixSocketPath is the path of a single server's unix socket. It takes
	// the place of Host and Port.
	UnixSocketPath string

	// DB is the number of the database. The default is 0, the only one that a
	// cluster has.
	DB int
	// Username and Password log in to Redis (in Sentinel mode, to the primary).
	// The default is to send neither. A password alone is that of the user
	// "default".
	Username string
	Password string

	// TLS describes the encryption of the connections. The default is none.
	TLS TLS

	// Sentinel is used in mode Sentinel.
	Sentinel SentinelOptions
	// ClusterAddrs are some of the nodes of a cluster, as host:port, used in
	// mode Cluster. The others are found by asking them.
	ClusterAddrs []string
	// EmbeddedName is the name of the Redis in this process, used in mode
	// Embedded. The default, "", is one that no other store shares.
	EmbeddedName string

	// DialTimeout bounds the making of a connection, TLS included. The default
	// is 5 seconds. No connector waits for a connection longer than
	// SocketTimeout, so that an answer comes within twice that time.
	DialTimeout time.Duration
	// SocketTimeout bounds the writing of one command and the reading of its
	// reply. The default is 5 seconds. An operation that has to wait for a
	// connection first, or is tried again, ends within twice this time.
	SocketTimeout time.Duration

	// PoolSize is how many connections are open at most, per server. The
	// default, 0, is 10 for every CPU that Go may use, and at least 20.
	PoolSize int
	// MaxRetries is how often an operation is tried again when the server said
	// that it cannot serve it at this moment, or the connection broke. A change
	// is never made twice by that. The default, 0, is 2; -1 is never. A command
	// that was not answered in time is not tried again.
	MaxRetries int

	// AutoPipeline lets the commands of concurrent requests share round trips.
	// The default is AutoPipelineAuto. With it a client has up to 10 connections per
	// server on top of PoolSize, opened when many commands are under way.
	AutoPipeline AutoPipeline
	// GuardedSave says by which commands a record is changed only while it is the
	// one that was loaded. The default is GuardedSaveAuto. A connector that knows
	// one way only ignores it.
	GuardedSave GuardedSave
	// LazyConnect makes Connect return without asking Redis anything. By
	// default it pings once and tries, on a key of its own, the commands that
	// sessions send, so that a wrong address and a server or user that lacks one
	// of them are noticed at start-up.
	LazyConnect bool
	// Needs says which commands the sessions send.
	Needs Needs
	// Logger receives what start-up warns of. The default is slog.Default().
	Logger *slog.Logger

	// Client, when set, is used instead of opening anything: a
	// redis.UniversalClient for connect/goredis, a *redis.Pool for
	// connect/redigo. Closing the store does not close it, so that several
	// session factories may share one. Of the other fields only AutoPipeline,
	// GuardedSave, MaxRetries, LazyConnect, Needs and Logger
	// apply.
	Client any
}

// SentinelOptions says how to ask Redis Sentinel for the primary.
type SentinelOptions struct {
	// Master is the name under which the sentinels know the primary.
	Master string
	// Addrs are the sentinels, as host:port. The port's default is 26379.
	Addrs []string
	// Username and Password log in to the sentinels, which have users of their
	// own. The default is to send neither.
	Username string
	Password string
}
