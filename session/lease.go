package session

import (
	"context"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// A record's entry in the index counts for longer than the record lives: Redis restarts
// the time to live of a record at every load, and the entry cannot follow each time. The
// end of this lease is in the record too, so that a load sees when it is to be renewed.

// manyYears is an idle timeout from which on a session counts as one that never ends.
const manyYears = 40 * 365 * 24 * time.Hour

// leaseExtra is for how much longer than the idle timeout an entry counts.
func (f *Factory) leaseExtra(idle time.Duration) time.Duration {
	if u := f.opts.Users; u != nil && u.Lease > 0 {
		return u.Lease
	}
	return max(time.Hour, 2*idle)
}

// leaseFrom returns the end of a lease that begins now. It is not later than the absolute
// timeout.
func (f *Factory) leaseFrom(now, began time.Time, idle time.Duration) time.Time {
	until := record.Forever
	if idle > 0 && idle < manyYears {
		until = now.Add(idle + f.leaseExtra(idle))
	}
	if limit := f.opts.AbsoluteTimeout; limit > 0 {
		if end := began.Add(limit); end.Before(until) {
			until = end
		}
	}
	return until.Truncate(time.Millisecond).UTC()
}

// leaseDue reports whether a load must have the lease renewed.
func (f *Factory) leaseDue(now time.Time, m record.Meta) bool {
	lease, idle := m.Login.Lease, m.Idle.Or(f.opts.IdleTimeout)
	if lease.IsZero() || !f.leaseFrom(now, m.Began(), idle).After(lease) {
		return false
	}
	return idle == 0 || idle >= manyYears || lease.Sub(now) < idle+f.leaseExtra(idle)/2
}

// leaseIsDue is leaseDue for the session that was loaded.
func (s *Session) leaseIsDue(now time.Time) bool {
	_, ok := s.store.(UserIndex)
	return ok && s.f.leaseDue(now, s.meta)
}

// renewLease renews the lease of a session whose record is about to be written, when that
// is due. A timeout that was changed may need a longer one at once. The record with the
// new end of the lease is written after the entry: a record never outlives its entry.
func (s *Session) renewLease(ctx context.Context) error {
	index, ok := s.store.(UserIndex)
	now := s.f.now()
	m := s.meta
	m.Idle = record.Override{Set: true, Duration: s.idle()}
	until := s.f.leaseFrom(now, m.Began(), s.idle())
	if !ok || m.Login.Lease.IsZero() || s.keepsExpiry() ||
		!s.f.leaseDue(now, m) && (!s.metaSet.idle || !until.After(m.Login.Lease)) {
		return nil
	}
	e := entries{s: s, index: index, at: s.at, login: m.Login, keys: s.setKeys(m.Login)}
	e.login.Lease = until
	if _, err := e.add(ctx); err != nil {
		return storeError("renew the lease", err)
	}
	s.meta.Login.Lease = until
	return nil
}
