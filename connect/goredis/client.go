package goredis

import (
	"crypto/tls"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/pyramidgo/redissessions/connect"
)

const (
	// resp2 is the protocol spoken. The newer one brings nothing to sessions
	// and costs a look for pushed messages before every command.
	resp2 = 2
	// dials is how often go-redis tries to make one connection. Its default is
	// five times, a tenth of a second apart, while a request waits.
	dials = 1
	// noRetries and noPool are how go-redis spells zero.
	noRetries = -1
	noPool    = -1
	// reload is how often a cluster client asks which nodes there are. The
	// default, a minute, is how long requests fail after a node has died, where
	// no other node redirects them.
	reload = 5 * time.Second
	// maxIdle closes connections before firewalls and load balancers, which
	// often allow a few minutes, forget them without a word.
	maxIdle = 3 * time.Minute
)

// open makes the client that resolved options ask for. It does not connect.
func open(o connect.Options) (redis.UniversalClient, error) {
	tlsConfig, err := o.TLS.Config()
	if err != nil {
		return nil, err
	}
	switch o.Mode {
	case connect.Sentinel:
		return redis.NewFailoverClient(sentinelOptions(o, tlsConfig)), nil
	case connect.Cluster:
		return redis.NewClusterClient(clusterOptions(o, tlsConfig)), nil
	case connect.Embedded:
		return nil, errEmbedded
	case connect.Single:
		fallthrough
	default:
		return redis.NewClient(singleOptions(o, tlsConfig)), nil
	}
}

func singleOptions(o connect.Options, t *tls.Config) *redis.Options {
	network, addr := "tcp", net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	if o.UnixSocketPath != "" {
		network, addr = "unix", o.UnixSocketPath
	}
	return &redis.Options{
		Network:  network,
		Addr:     addr,
		Protocol: resp2,
		Username: o.Username,
		Password: o.Password,
		DB:       o.DB,

		MaxRetries:            noRetries,
		DialTimeout:           o.DialTimeout,
		DialerRetries:         dials,
		ReadTimeout:           o.SocketTimeout,
		WriteTimeout:          o.SocketTimeout,
		ContextTimeoutEnabled: true,

		PoolSize:         o.PoolSize,
		PoolTimeout:      o.SocketTimeout / 2,
		PipelinePoolSize: pipelinePool(o),
		ConnMaxIdleTime:  maxIdle,
		TLSConfig:        t,

		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func sentinelOptions(o connect.Options, t *tls.Config) *redis.FailoverOptions {
	return &redis.FailoverOptions{
		MasterName:       o.Sentinel.Master,
		SentinelAddrs:    o.Sentinel.Addrs,
		SentinelUsername: o.Sentinel.Username,
		SentinelPassword: o.Sentinel.Password,

		Protocol: resp2,
		Username: o.Username,
		Password: o.Password,
		DB:       o.DB,

		MaxRetries:            noRetries,
		DialTimeout:           o.DialTimeout,
		DialerRetries:         dials,
		ReadTimeout:           o.SocketTimeout,
		WriteTimeout:          o.SocketTimeout,
		ContextTimeoutEnabled: true,

		PoolSize:         o.PoolSize,
		PoolTimeout:      o.SocketTimeout / 2,
		PipelinePoolSize: pipelinePool(o),
		ConnMaxIdleTime:  maxIdle,
		TLSConfig:        t,

		DisableIdentity: true,
	}
}

func clusterOptions(o connect.Options, t *tls.Config) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs:    o.ClusterAddrs,
		Protocol: resp2,
		Username: o.Username,
		Password: o.Password,

		MaxRetries:                 noRetries,
		DialTimeout:                o.DialTimeout,
		DialerRetries:              dials,
		ReadTimeout:                o.SocketTimeout,
		WriteTimeout:               o.SocketTimeout,
		ContextTimeoutEnabled:      true,
		ClusterStateReloadInterval: reload,
		// With its routing policies go-redis asks for the table of all
		// commands first; the commands of a session all name one key.
		DisableRoutingPolicies: true,

		PoolSize:         o.PoolSize,
		PoolTimeout:      o.SocketTimeout / 2,
		PipelinePoolSize: pipelinePool(o),
		ConnMaxIdleTime:  maxIdle,
		TLSConfig:        t,

		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// pipelinePool says whether the client needs connections of their own, with
// large buffers, for commands that share round trips.
func pipelinePool(o connect.Options) int {
	if o.AutoPipeline == connect.AutoPipelineOff {
		return noPool
	}
	return 0
}
