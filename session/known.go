package session

import (
	"context"
	"time"
)

// known is a stored state of a record as far as the session knows it: the guard,
// and all of the record where it is at hand.
type known struct {
	guard []byte
	whole []byte // begins with guard; nil when only that is known
}

func (s *Session) known() known { return known{s.guard, s.whole} }

func (s *snapshot) known() known { return known{s.guard, s.whole} }

// replaceKnown is Store.Replace of a record in a known state. A store that
// compares whole records gets the record.
func replaceKnown(ctx context.Context, store Store, key string, was known, record []byte, ttl time.Duration) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.ReplaceRecord(ctx, key, was.guard, was.whole, record, ttl)
	}
	return store.Replace(ctx, key, was.guard, record, ttl)
}

// removeKnown is Store.Remove of a record in a known state.
func removeKnown(ctx context.Context, store Store, key string, was known) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.RemoveRecord(ctx, key, was.guard, was.whole)
	}
	return store.Remove(ctx, key, was.guard)
}

// expireKnown restarts the time to live of a record in a known state, where the
// store can tell, and of whatever there is where it cannot.
func expireKnown(ctx context.Context, store Store, key string, was known, ttl time.Duration) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.ExpireRecord(ctx, key, was.guard, was.whole, ttl)
	}
	if g, ok := store.(GuardedExpirer); ok {
		return g.ExpireGuarded(ctx, key, was.guard, ttl)
	}
	return store.Expire(ctx, key, ttl)
}
