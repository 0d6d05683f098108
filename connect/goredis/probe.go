package goredis

import (
	"context"

	"github.com/pyramidgo/redissessions/connect"
)

var _ connect.Prober = (*store)(nil)

// Probe finds out whether the server does what sessions need, in one round trip.
func (s *store) Probe(ctx context.Context, needs connect.Needs) (*connect.Findings, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout*3/2)
	defer cancel()
	found, err := s.guarded.Probe(ctx, needs)
	if err != nil {
		return nil, s.fault("probe", err)
	}
	return (*connect.Findings)(found), nil
}

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
