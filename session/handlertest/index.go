package handlertest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var _ session.UserIndex = (*store)(nil)

// set is an index of sessions.
type set struct {
	epoch      session.Epoch
	epochUntil time.Time
	members    map[string]time.Time
}

// index carries out an operation of the index, and returns the set after it.
func (s *store) index(ctx context.Context, op, key string, change func(*set) error) (state session.IndexState, err error) {
	err = s.do(ctx, op, key, func() (err error) {
		state, err = s.change(key, change)
		return err
	})
	return state, err
}

// change changes a set, and returns it as it is afterwards.
func (s *store) change(key string, change func(*set) error) (state session.IndexState, err error) {
	now, in := s.Now(), s.sets[key]
	if in == nil {
		in = &set{epoch: session.NoEpoch, members: map[string]time.Time{}}
		s.sets[key] = in
	}
	if in.epoch != session.NoEpoch && in.epochUntil.Before(now) {
		in.epoch = session.NoEpoch
	}
	if len(in.members) > 0 && !slices.ContainsFunc(slices.Collect(maps.Values(in.members)), func(until time.Time) bool { return counts(now, until) }) {
		clear(in.members) // as a key in Redis that has expired
	}
	err = change(in)
	state.Epoch = in.epoch
	for _, member := range slices.Sorted(maps.Keys(in.members)) {
		state.Entries = append(state.Entries, session.IndexEntry{Member: []byte(member), Until: in.members[member]})
	}
	return state, err
}

// counts reports whether a member with that end counts.
func counts(now, until time.Time) bool { return until.IsZero() || !until.Before(now) }

func (s *store) IndexAdd(ctx context.Context, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
	return s.index(ctx, opAdd, key, s.adding(member, until, seen))
}

func (s *store) adding(member []byte, until time.Time, seen session.Epoch) func(*set) error {
	return func(in *set) error {
		now := s.Now()
		maps.DeleteFunc(in.members, func(_ string, until time.Time) bool { return !counts(now, until) })
		if before, ok := in.members[string(member)]; !ok || !before.IsZero() && (until.IsZero() || until.After(before)) {
			in.members[string(member)] = until
		}
		if seen != session.AnyEpoch && in.epoch != session.NoEpoch && in.epoch != seen {
			return session.ErrEnded
		}
		return nil
	}
}

func (s *store) IndexRemove(ctx context.Context, key string, members ...[]byte) error {
	_, err := s.index(ctx, opTakeOut, key, removing(members...))
	return err
}

func removing(members ...[]byte) func(*set) error {
	return func(in *set) error {
		for _, member := range members {
			delete(in.members, string(member))
		}
		return nil
	}
}

func (s *store) IndexList(ctx context.Context, key string) (session.IndexState, error) {
	return s.index(ctx, opList, key, func(*set) error { return nil })
}

func (s *store) IndexClose(ctx context.Context, key string, next session.Epoch, keep time.Duration) (session.IndexState, error) {
	return s.index(ctx, opEnd, key, func(in *set) error {
		in.epoch, in.epochUntil = next, s.Now().Add(keep)
		return nil
	})
}
