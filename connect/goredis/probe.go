package goredis

import (
	"context"

	"github.com/pyramidgo/redissessions/connect"
)

// probe finds out whether the server does what these sessions need. What it lacks
// but has a substitute for is not asked for again.
func (s *store) probe(ctx context.Context, o connect.Options) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout*3/2)
	defer cancel()
	found, err := s.guarded.Probe(ctx, o.Needs)
	if err != nil {
		return s.fault("connect", err)
	}
	if err := found.Err("goredis: connect", s.place); err != nil {
		return err
	}
	s.without.getex.Store(found.NoGETEX)
	s.without.unlink.Store(found.NoUNLINK)
	found.Log(o.Logger, "goredis", s.place)
	return nil
}
