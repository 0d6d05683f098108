package connect

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"
)

// Resolve returns the options with the URL taken apart and every default
// filled in, or an error that says which of them cannot be. A connector calls
// it first.
func (o Options) Resolve() (Options, error) {
	var err error
	if o.URL != "" {
		if o, err = o.resolveURL(); err != nil {
			return Options{}, err
		}
	}
	if err := o.resolveMode(); err != nil {
		return Options{}, fmt.Errorf("connect: %w", err)
	}
	if o.DB < 0 || o.DB > math.MaxInt32 {
		return Options{}, fmt.Errorf("connect: the database must be a number from 0, not %d", o.DB)
	}
	if o.Username != "" && o.Password == "" {
		return Options{}, errors.New("connect: a user name needs a password")
	}
	if o.Sentinel.Username != "" && o.Sentinel.Password == "" {
		return Options{}, errors.New("connect: the sentinels' user name needs a password")
	}
	if o.AutoPipeline < AutoPipelineAuto || o.AutoPipeline > AutoPipelineOn {
		return Options{}, fmt.Errorf("connect: there is no %v", o.AutoPipeline)
	}
	if o.GuardedSave < GuardedSaveAuto || o.GuardedSave > GuardedSaveNative {
		return Options{}, fmt.Errorf("connect: there is no %v", o.GuardedSave)
	}
	return o, o.resolveLimits()
}

// resolveURL puts what the URL says in the place of the fields that it stands
// for.
func (o Options) resolveURL() (Options, error) {
	u, err := ParseURL(o.URL)
	if err != nil {
		return Options{}, err
	}
	if u.Mode == Sentinel && u.Sentinel.Master == "" {
		u.Sentinel.Master = o.Sentinel.Master
	}
	o.URL = ""
	o.Mode, o.Host, o.Port, o.UnixSocketPath = u.Mode, u.Host, u.Port, u.UnixSocketPath
	o.DB, o.Username, o.Password = u.DB, u.Username, u.Password
	o.TLS.Enabled = o.TLS.Enabled || u.TLS.Enabled
	o.Sentinel.Master, o.Sentinel.Addrs = u.Sentinel.Master, u.Sentinel.Addrs
	o.ClusterAddrs, o.EmbeddedName = u.ClusterAddrs, u.EmbeddedName
	return o, nil
}

// resolveMode checks that the mode has what it needs and that nothing was set
// for another one, which would otherwise be ignored.
func (o *Options) resolveMode() error {
	if o.Mode != Sentinel && (o.Sentinel.Master != "" || len(o.Sentinel.Addrs) > 0) {
		return fmt.Errorf("a sentinel is named but the mode is %v", o.Mode)
	}
	if o.Mode != Cluster && len(o.ClusterAddrs) > 0 {
		return fmt.Errorf("cluster nodes are named but the mode is %v", o.Mode)
	}
	if o.Mode != Single && o.UnixSocketPath != "" {
		return fmt.Errorf("a unix socket is named but the mode is %v", o.Mode)
	}

	var err error
	switch o.Mode {
	case Single:
		return o.resolveSingle()
	case Sentinel:
		if o.Sentinel.Master == "" {
			return errors.New("a Sentinel set needs the name of its primary (sentinel_master, or redis-sentinel://host/name)")
		}
		if len(o.Sentinel.Addrs) == 0 {
			return errors.New("a Sentinel set needs the addresses of its sentinels (sentinel_addrs)")
		}
		o.Sentinel.Addrs, err = joinAddrs(o.Sentinel.Addrs, DefaultSentinelPort)
	case Cluster:
		if len(o.ClusterAddrs) == 0 {
			return errors.New("a cluster needs the addresses of some of its nodes (cluster_addrs)")
		}
		if o.DB != 0 {
			return errClusterDB
		}
		o.ClusterAddrs, err = joinAddrs(o.ClusterAddrs, DefaultPort)
	case Embedded:
	default:
		return fmt.Errorf("there is no %v", o.Mode)
	}
	return err
}

func (o *Options) resolveSingle() error {
	if o.UnixSocketPath != "" {
		if o.TLS.Enabled {
			return errors.New("a unix socket does not use TLS")
		}
		return nil
	}
	if o.Host == "" {
		o.Host = DefaultHost
	}
	o.Host = strings.TrimSuffix(strings.TrimPrefix(o.Host, "["), "]")
	if o.Port == 0 {
		o.Port = DefaultPort
	}
	if o.Port < 0 || o.Port > 65535 {
		return fmt.Errorf("a port is a number from 1 to 65535, not %d", o.Port)
	}
	return nil
}

func (o *Options) resolveLimits() error {
	for _, d := range []*time.Duration{&o.DialTimeout, &o.SocketTimeout} {
		if *d < 0 {
			return fmt.Errorf("connect: a time-out must be positive, not %v", *d)
		}
		if *d == 0 {
			*d = DefaultTimeout
		}
	}
	o.DialTimeout = min(o.DialTimeout, o.SocketTimeout)
	if o.PoolSize < 0 {
		return fmt.Errorf("connect: a pool cannot hold %d connections", o.PoolSize)
	}
	if o.PoolSize == 0 {
		o.PoolSize = max(20, 10*runtime.GOMAXPROCS(0))
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = 2
	}
	o.MaxRetries = max(o.MaxRetries, -1)
	return nil
}
