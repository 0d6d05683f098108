package redigo

import (
	"context"

	"github.com/pyramidgo/redissessions/session"
)

var _ session.Pinger = (*store)(nil)

// Ping sends PING.
func (s *store) Ping(ctx context.Context) error {
	reply, _, err := s.do(ctx, "PING")
	if err != nil {
		return s.fault("ping", err)
	}
	return s.expect("ping", reply, "PONG")
}
