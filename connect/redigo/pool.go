package redigo

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect"
)

// maxIdle closes connections before firewalls and load balancers, which often
// allow a few minutes, forget them without a word.
const maxIdle = 3 * time.Minute

var errStale = errors.New("another connection has broken since this one was used")

// newPool makes a pool for resolved options. broken is when a connection of it
// broke last, in Unix nanoseconds.
//
// No connection is checked by a PING before it is used: that would double the
// round trips. Instead, when one has broken, those that have not been used
// since are closed as their turn comes. A server that was restarted costs one
// request one try, and not one for every connection that was open.
func newPool(o connect.Options, broken *atomic.Int64) (*redis.Pool, error) {
	tlsConfig, err := o.TLS.Config()
	if err != nil {
		return nil, err
	}
	network, addr := "tcp", net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	if o.UnixSocketPath != "" {
		network, addr = "unix", o.UnixSocketPath
	}
	dialer := &net.Dialer{Timeout: o.DialTimeout}
	dial := dialer.DialContext
	if tlsConfig != nil { // redigo's own handshake does not end with the context
		dial = (&tls.Dialer{NetDialer: dialer, Config: tlsConfig}).DialContext
	}
	dialOptions := []redis.DialOption{
		redis.DialContextFunc(dial),
		redis.DialReadTimeout(o.SocketTimeout),
		redis.DialWriteTimeout(o.SocketTimeout),
		redis.DialDatabase(o.DB),
		redis.DialUsername(o.Username),
		redis.DialPassword(o.Password),
	}
	return &redis.Pool{
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialContext(ctx, network, addr, dialOptions...)
		},
		TestOnBorrow: func(_ redis.Conn, used time.Time) error {
			if used.UnixNano() <= broken.Load() {
				return errStale
			}
			return nil
		},
		MaxActive:   o.PoolSize,
		MaxIdle:     o.PoolSize,
		Wait:        true,
		IdleTimeout: maxIdle,
	}, nil
}
