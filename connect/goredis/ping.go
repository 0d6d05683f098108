package goredis

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/session"
)

var _ session.Pinger = (*store)(nil)

// Ping sends PING: to the primary that Sentinel names, or to one node of a Cluster.
func (s *store) Ping(ctx context.Context) error {
	cmd := redis.NewStringCmd(ctx, "ping")
	if _, err := s.run(ctx, cmd); err != nil {
		return s.fault("ping", err)
	}
	return s.expect("ping", cmd, "PONG")
}
