package goredis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ connect.Func = Connect

var errEmbedded = errors.New("embedded:// is opened by the connector of that name")

// Connect opens a client for the given options and returns a store over it,
// which closes the client. Unless the options ask for LazyConnect it sends a
// PING first; when there is no answer it returns an error that names the
// address and what to check.
func Connect(ctx context.Context, o connect.Options) (session.Store, error) {
	o, err := o.Resolve()
	if err != nil {
		return nil, fmt.Errorf("goredis: %w", err)
	}
	s := &store{place: o.String(), timeout: o.SocketTimeout, retries: max(0, o.MaxRetries)}
	s.guarded.Init((*commander)(s), o.GuardedSave)
	switch client := o.Client.(type) {
	case nil:
		if s.client, err = open(o); err != nil {
			return nil, fmt.Errorf("goredis: %w", err)
		}
		s.close = s.client.Close
		if o.Mode != connect.Single {
			s.bound = o.SocketTimeout * 7 / 4
			s.pipelineBound = s.bound
		}
	case redis.UniversalClient:
		s.client = client
		s.timeout = socketTimeout(client)
	default:
		return nil, fmt.Errorf("goredis: the given client is a %T; it must be a redis.UniversalClient", client)
	}
	s.send = s.client
	if !o.LazyConnect {
		if err = s.ping(ctx); err == nil {
			err = s.probe(ctx, o)
		}
	}
	if err == nil && o.AutoPipeline != connect.AutoPipelineOff {
		s.pipelineBound = s.timeout * 7 / 4
		s.send, err = newSender(s.client, o.AutoPipeline, s.timeout)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Client makes the client that Connect would use, for commands that a store does not have,
// such as INFO. It does not connect. The caller closes it.
func Client(o connect.Options) (redis.UniversalClient, error) {
	o, err := o.Resolve()
	if err == nil {
		var client redis.UniversalClient
		if client, err = open(o); err == nil {
			return client, nil
		}
	}
	return nil, fmt.Errorf("goredis: %w", err)
}

// New returns a store over a client that the program has already. Closing the
// store leaves the client open.
//
// The client's own retries are not used, because they could make a change
// twice; its time-outs are. ContextTimeoutEnabled should be set on it, so that
// a deadline of the context ends a command.
func New(client redis.UniversalClient) session.Store {
	if client == nil {
		panic("goredis: New with a nil client")
	}
	s := &store{
		client:  client,
		send:    client,
		place:   connect.Options{Client: client}.String(),
		timeout: socketTimeout(client),
		retries: 2,
	}
	s.guarded.Init((*commander)(s), connect.GuardedSaveAuto)
	return s
}

// socketTimeout returns how long a client waits for a reply.
func socketTimeout(client redis.UniversalClient) time.Duration {
	var d time.Duration
	switch c := client.(type) {
	case *redis.Client:
		d = c.Options().ReadTimeout
	case *redis.ClusterClient:
		d = c.Options().ReadTimeout
	}
	if d <= 0 {
		return connect.DefaultTimeout
	}
	return d
}

// ping asks the server for a sign of life, at most as long as an operation of
// a request would take.
func (s *store) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout*3/2)
	defer cancel()
	_, err := s.run(ctx, redis.NewStringCmd(ctx, "ping"))
	if reply, refused := refusal(err); err == nil || refused && dialect.PingRefused(reply.Error()) {
		return nil
	}
	if errors.Is(err, redis.Nil) {
		err = errors.New("the sentinels know no primary of that name; check sentinel_master")
		if _, cluster := s.client.(*redis.ClusterClient); cluster {
			err = errors.New("the cluster does not name the addresses of its nodes")
		}
		return dialect.Connection("goredis: connect", s.place, err)
	}
	return dialect.Advised(s.fault("connect", err), err)
}
