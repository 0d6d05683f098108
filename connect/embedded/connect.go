package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
)

var (
	_ connect.Func      = Connect
	_ session.TTLLoader = (*store)(nil)
	_ session.TTLKeeper = (*store)(nil)
	_ session.Pinger    = (*store)(nil)
	_ session.UserIndex = (*store)(nil)

	_ session.IndexShortener = (*store)(nil)
	_ session.EntryStore     = (*store)(nil)
	_ session.BatchStore     = (*store)(nil)
	_ session.KeyScanner     = (*store)(nil)
)

// Connect starts a Redis inside the process and returns a store over it, which
// stops it when it is closed.
//
// Every call starts another one, so that two session factories share nothing,
// unless the options name it: all that ask for embedded://demo in one process
// share it, and the last to be closed stops it. Of the other options DB
// applies; the addresses, time-outs and TLS do not.
func Connect(_ context.Context, o connect.Options) (session.Store, error) {
	if o.URL == "" {
		o.Mode = connect.Embedded
		o.Host, o.Port = "", 0
	}
	o, err := o.Resolve()
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	if o.Mode != connect.Embedded {
		return nil, fmt.Errorf("embedded: the URL names another kind of Redis (%v); use embedded:// or another connector", o.Mode)
	}
	if o.Client != nil {
		return nil, errors.New("embedded: a client was given; use the goredis or the redigo connector with it")
	}

	srv := servers.take(o.EmbeddedName)
	client := redis.NewClient(&redis.Options{
		Addr:     "embedded",
		Protocol: 2,
		DB:       o.DB,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			conn, err := srv.redis.Dial()
			if err != nil {
				return nil, err
			}
			return newPipe(conn), nil
		},
		MaxRetries:               -1,
		PipelinePoolSize:         -1,
		PoolSize:                 o.PoolSize,
		ContextTimeoutEnabled:    true,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	client.AddHook(&srv.clock)
	return &store{ttlStore: goredis.New(client).(ttlStore), client: client, server: srv}, nil
}

// ttlStore is what goredis.New returns.
type ttlStore interface {
	session.Store
	session.TTLLoader
	session.GuardedExpirer
	session.TTLKeeper
	session.Pinger
	session.UserIndex
	session.IndexShortener
	session.EntryStore
	session.BatchStore
	session.KeyScanner
}

// store is a go-redis store that owns its client and has a share in a server.
type store struct {
	ttlStore

	client *redis.Client
	server *server
	once   sync.Once
}

// InThisProcess tells the factory package to warn that no other process has these
// sessions, and that they end with this one.
func (s *store) InThisProcess() {}

// Close ends the connections and, when no other store uses it, the server.
func (s *store) Close() error {
	var err error
	s.once.Do(func() {
		err = s.client.Close()
		servers.giveBack(s.server)
	})
	return err
}

// servers are the named servers of this process.
var servers = registry{byName: map[string]*server{}}

type registry struct {
	mu     sync.Mutex
	byName map[string]*server
}

type server struct {
	name  string
	redis *miniredis.Miniredis
	clock clock
	users int
}

// take returns the server of that name, and a new one for no name.
func (r *registry) take(name string) *server {
	r.mu.Lock()
	defer r.mu.Unlock()
	if srv := r.byName[name]; srv != nil {
		srv.users++
		return srv
	}
	srv := &server{name: name, redis: miniredis.NewMiniRedis(), users: 1}
	srv.clock = clock{redis: srv.redis, last: time.Now()}
	if name != "" {
		r.byName[name] = srv
	}
	return srv
}

func (r *registry) giveBack(srv *server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if srv.users--; srv.users > 0 {
		return
	}
	if r.byName[srv.name] == srv {
		delete(r.byName, srv.name)
	}
	srv.redis.Close()
}
