package handlertest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// The operations of one user's session are one step each, as they are one round trip to a
// Redis server. Sent one by one they would come from several goroutines of a request, whose
// order no seed decides.
var (
	_ session.EntryStore = (*store)(nil)
	_ session.BatchStore = (*store)(nil)
)

func (s *store) CreateEntered(
	ctx context.Context, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch,
) (state session.IndexState, created, added error) {
	created = s.do(ctx, "creates and lists", key, func() error {
		if err := s.create(key, record, ttl); err != nil {
			return err
		}
		for i, at := range e.Sets {
			if i > 0 {
				_, _ = s.change(at, s.adding(e.Member, until, session.AnyEpoch)) // no error: any epoch is right
				continue
			}
			state, added = s.change(at, s.adding(e.Member, until, seen))
		}
		return nil
	})
	return state, created, added
}

func (s *store) ReplaceLeaving(ctx context.Context, key string, guard, record []byte, ttl time.Duration, e session.Entry) error {
	return s.do(ctx, "saves and unlists", key, func() error {
		if _, err := s.guarded(key, guard); err != nil {
			return err
		}
		s.records[key] = entry{bytes.Clone(record), s.expiry(ttl)}
		return s.leave(e)
	})
}

func (s *store) RemoveLeaving(ctx context.Context, key string, guard []byte, e session.Entry) error {
	return s.do(ctx, "removes and unlists", key, func() error {
		if err := s.remove(key, guard); err != nil {
			return err
		}
		return s.leave(e)
	})
}

// leave removes an entry from each of its sets.
func (s *store) leave(e session.Entry) error {
	for _, at := range e.Sets {
		if _, err := s.change(at, removing(e.Member)); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) LoadEach(ctx context.Context, keys []string) (loaded []session.Loaded, err error) {
	err = s.do(ctx, fmt.Sprintf("looks at %d sessions", len(keys)), "", func() error {
		for _, key := range keys {
			var l session.Loaded
			l.Record, l.TTL, l.Err = s.look(key)
			loaded = append(loaded, l)
		}
		return nil
	})
	return loaded, err
}

func (s *store) RemoveEach(ctx context.Context, keys []string, guards [][]byte) (errs []error, err error) {
	err = s.do(ctx, fmt.Sprintf("removes %d sessions", len(keys)), "", func() error {
		for i, key := range keys {
			errs = append(errs, s.remove(key, guards[i]))
		}
		return nil
	})
	return errs, err
}
