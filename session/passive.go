package session

import (
	"context"
	"net/http"
	"time"
)

// access says what a load does to the idle timeout of the session that it finds.
type access uint8

const (
	active   access = iota // restarts it, as TouchAfter says
	passive                // leaves it as it is
	touching               // restarts it now, whatever TouchAfter says
)

// accessOf returns what a request's load does to the idle timeout.
func (f *Factory) accessOf(r *http.Request) access {
	if f.opts.Passive != nil && f.opts.Passive(r) {
		return passive
	}
	return active
}

// askFor returns the time to live that a load asks Redis to restart: 0 leaves
// it alone.
func (s *Session) askFor() time.Duration {
	if s.f.opts.ExpiryInRecord || s.access == passive {
		return 0
	}
	return s.f.opts.IdleTimeout
}

// readsTTL reports whether a load reads the time to live in place of restarting
// it: TouchAfter then decides about the restart, and a passive request needs it for
// Expires.
func (s *Session) readsTTL() bool {
	switch s.access {
	case passive:
		return !s.f.opts.ExpiryInRecord
	case touching:
		return false
	}
	return s.f.opts.TouchAfter > 0 && !s.f.opts.ExpiryInRecord
}

// touchAfter is Options.TouchAfter, for this load.
func (s *Session) touchAfter() time.Duration {
	if s.access == touching {
		return 0
	}
	return s.f.opts.TouchAfter
}

// keepsExpiry reports whether a save leaves the end of the stored session where it
// is. A passive request that changes the timeout itself restarts it.
func (s *Session) keepsExpiry() bool {
	return s.access == passive && s.guard != nil && !s.metaSet.idle
}

// overwrite replaces the record that was loaded. The save of a passive request
// leaves the time to live as it is: by KEEPTTL where the store can, otherwise with
// the remaining time, read just before. A store that can do neither restarts it.
func (s *Session) overwrite(ctx context.Context, record []byte, ttl time.Duration) error {
	if s.keepsExpiry() && !s.f.opts.ExpiryInRecord {
		switch store := s.store.(type) {
		case TTLKeeper:
			return store.ReplaceKeepTTL(ctx, s.at.Key, s.guard, record)
		case TTLLoader:
			_, left, err := store.LoadTTL(ctx, s.at.Key)
			if err != nil {
				return err
			}
			ttl = left
		}
	}
	return replacePrior(ctx, s.store, s.at.Key, s.prior(), record, ttl)
}
