package session

import (
	"context"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// priorRecord is a stored state of a record as far as the session knows it: the guard,
// and all of the record where it is at hand.
type priorRecord struct {
	guard []byte
	whole []byte // begins with guard; nil when only that is known
}

func (s *Session) prior() priorRecord { return priorRecord{s.guard, s.whole} }

func prior(s *record.Snapshot) priorRecord { return priorRecord{s.Guard, s.Whole} }

// replacePrior is Store.Replace of a record in a state that the session has seen. A store that
// compares whole records gets the record.
func replacePrior(ctx context.Context, store Store, key string, was priorRecord, record []byte, ttl time.Duration) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.ReplaceRecord(ctx, key, was.guard, was.whole, record, ttl)
	}
	return store.Replace(ctx, key, was.guard, record, ttl)
}

// removePrior is Store.Remove of a record in a state that the session has seen.
func removePrior(ctx context.Context, store Store, key string, was priorRecord) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.RemoveRecord(ctx, key, was.guard, was.whole)
	}
	return store.Remove(ctx, key, was.guard)
}

// expirePrior restarts the time to live of a record in a state that the session has seen, where the
// store can tell, and of whatever there is where it cannot.
func expirePrior(ctx context.Context, store Store, key string, was priorRecord, ttl time.Duration) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.ExpireRecord(ctx, key, was.guard, was.whole, ttl)
	}
	if g, ok := store.(GuardedExpirer); ok {
		return g.ExpireGuarded(ctx, key, was.guard, ttl)
	}
	return store.Expire(ctx, key, ttl)
}
