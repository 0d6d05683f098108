package session

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
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

// readsTTL reports whether the load of a key reads the time to live in place of
// restarting it: TouchAfter then decides about the restart, or the session that was met
// there has another timeout than the factory's, and a passive request needs it for Expires.
func (s *Session) readsTTL(key string) bool {
	switch {
	case s.f.opts.ExpiryInRecord:
		return false
	case s.access == passive, s.access == active && s.f.opts.TouchAfter > 0:
		return true
	}
	return s.f.overridden.Has(key)
}

// A load chooses its command before it knows the session. The usual one restarts the time
// to live at the factory's timeout (GETEX). Where that is wrong, because the session has a
// timeout of its own, is near its absolute one, or what is there is no session, another
// command has to put it right; and a session whose answer is lost between the two ends too
// early. So a factory notes the keys of such records (Factory.overridden), and the next
// load of one reads the time to live (GET and PTTL, together) and restarts it only when a
// small part of it has passed. A note that is missing or untrue costs a round trip, no more.

// learn notes which command the next load of a key takes, where the record there has, or is
// about to have, the time to live full.
func (f *Factory) learn(key string, full time.Duration, m record.Meta) {
	switch {
	case f.opts.ExpiryInRecord || f.opts.TouchAfter > 0: // no load restarts it
	case misjudged(f.opts.IdleTimeout, full, unknownTTL, m):
		f.overridden.Add(key)
	default:
		f.overridden.Remove(key)
	}
}

// touchAfter is how much of a timeout must have passed for this load to have it restarted:
// Options.TouchAfter, or by default nothing, where the load itself restarts it, and
// smallPart of it where that takes a command of its own. Python's own time of expiry is
// restarted at every request, as Python does it.
func (s *Session) touchAfter(full time.Duration, ownCommand bool) time.Duration {
	switch {
	case s.access == touching:
		return 0
	case s.f.opts.TouchAfter > 0 || !ownCommand:
		return s.f.opts.TouchAfter
	}
	return smallPart(full)
}

// keepsExpiry reports whether a save leaves the end of the stored session where it
// is. A passive request that changes the timeout itself restarts it.
func (s *Session) keepsExpiry() bool {
	return s.access == passive && s.state == isStored && !s.metaSet.idle
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

// Touch restarts the idle timeout now, whatever Options.TouchAfter and Options.Passive
// say: call it now and then from a handler that stays open, such as a stream or a
// websocket. It reads the record first, so that what other requests have changed
// meanwhile counts: a timeout that was set, a logout. It never passes the absolute timeout,
// saves nothing of the session's data, and does not end with the request's context. A
// new session that has not been saved yet has nothing to restart.
//
// The error is ErrGone when the session has ended, also when it was renewed: it goes on
// under another ID, with the browser's next request. It wraps ErrUnavailable when the
// store did not answer, and is ErrConflict when other requests kept changing a record
// that holds its own time of expiry (set_redis_ttl = false, python_expires). When the
// session could not be saved before the first byte, it is that error: the visitor has got
// the error page, and what a stream goes on to write is dropped. Touch takes one round
// trip, and another for a session whose timeout is not the factory's or whose time of
// expiry is in the record: it is restarted however little of it has passed.
func (s *Session) Touch(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.why != nil:
		return s.why
	case s.unsaved != nil:
		return s.unsaved
	case s.state == isNotStored:
		return nil
	}
	ctx, o := s.start(ctx, OpTouch)
	defer o.finish()
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	stored := s.f.blankSession(s.r, s.store) // what is stored now, without the request's changes
	stored.app = s.app
	stored.access, stored.at, stored.proved = touching, s.at, true
	stored.header, stored.headerSent = s.header, true // its cookie is not sent
	var seen []byte
	err := stored.retry(ctx, func(bool) error {
		_, err := stored.loadID(ctx, s.id)
		if err != nil || stored.why != nil {
			return cmp.Or(err, stored.why)
		}
		stored.due.cookie, stored.cookie = false, cookieKeep
		seen = stored.guard
		return stored.restartDue(ctx)
	})
	s.tries, s.size = stored.tries, stored.size
	switch {
	case stored.hasGone():
		return o.came(s.gone(stored.state))
	case err != nil:
		return o.came(err)
	}
	o.as(OutcomeOK)
	s.touched(stored, string(seen))
	return nil
}

// touched takes over the times of the record as Touch left it. The data stay those
// that the request has loaded: when the record held others, the next save finds a
// conflict and applies the request's edits to them.
func (s *Session) touched(stored *Session, seen string) {
	s.due.ttl, s.due.expiry, s.due.record = false, false, false
	s.idleEnds = stored.idleEnds
	if string(s.guard) == seen {
		s.guard, s.whole = stored.guard, stored.whole
		s.meta.Expires, s.meta.Members = stored.meta.Expires, stored.meta.Members
		s.meta.Login.Lease, s.meta.Login.Device = stored.meta.Login.Lease, stored.meta.Login.Device
	}
}

// unknownTTL is what fetch returns when it did not read the time to live.
const unknownTTL time.Duration = -1

// fetch loads a record. Where readsTTL says so it reads the time to live rather than
// restarting it, if the store can.
func (s *Session) fetch(ctx context.Context, key string, ttl time.Duration) ([]byte, time.Duration, error) {
	refused := false
	if s.readsTTL(key) {
		if l, ok := s.store.(TTLLoader); ok {
			record, left, err := l.LoadTTL(ctx, key)
			if !errors.Is(err, ErrRefused) || s.access == passive || s.f.opts.TouchAfter > 0 {
				return record, left, err
			}
			refused = true // a load of this kind can do without it
		}
	}
	record, err := s.store.Load(ctx, key, ttl)
	if refused && err == nil { // the server refuses PTTL, and not everything for a moment
		s.f.overridden.Stop()
	}
	return record, unknownTTL, err
}

// restartIfDue restarts the time to live of a session that was only read. When
// that fails, none of the request's changes are lost: it is logged, not returned.
func (s *Session) restartIfDue(ctx context.Context) {
	err := s.restartDue(ctx)
	conflict, gone := overtaken(err)
	if s.due.cookie && (gone || conflict != nil && s.f.successorOf(s.at, conflict.Current) != nil) {
		// The session has ended, or was renewed, and the browser may have the new
		// cookie already: the old one must not take its place.
		s.cookie = cookieKeep
	}
	s.due.cookie = false
	if err != nil && !gone && conflict == nil {
		s.f.opts.Logger.Warn("session: the idle timeout was not restarted", errorAttr(err))
	}
}

// restartDue restarts the time to live, and the time of expiry in the record, as far
// as they are due. A cookie that is sent again is noted in the record, and a record of
// settings that are on their way out is written anew.
func (s *Session) restartDue(ctx context.Context) (err error) {
	touch, rewrite := s.due.ttl, s.due.expiry || s.due.record || s.due.cookie && !s.cookieRefused()
	s.due.ttl, s.due.expiry, s.due.record = false, false, false
	if !touch && !rewrite || s.state != isStored {
		return nil
	}
	if s.access != touching {
		var o *operation
		ctx, o = s.start(ctx, OpTouch)
		s.tries = 1
		defer o.finish()
		defer func() { _ = o.came(err) }()
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	if rewrite {
		return s.write(ctx, nil)
	}
	if ttl, alive := lifetime(s.f.now(), s.meta.Began(), s.idle(), s.f.opts.AbsoluteTimeout); alive {
		return s.restart(ctx, s.at.Key, s.prior(), ttl)
	}
	return nil
}

// restart sets the time to live of the record that was loaded at once, even when
// the client hangs up. Where another request has saved the record meanwhile, the
// time to live that it wrote stands: it may have changed the timeout.
func (s *Session) restart(ctx context.Context, key string, was priorRecord, ttl time.Duration) error {
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	err := expirePrior(ctx, s.store, key, was, ttl)
	switch conflict, gone := overtaken(err); {
	case gone:
		return ErrNotFound
	case conflict != nil:
		return nil
	}
	return storeError("restart the time to live", err)
}

// A record's entry in the index counts for longer than the record lives: Redis restarts
// the time to live of a record at every load, and the entry cannot follow each time. The
// end of this lease is in the record too, so that a load sees when it is to be renewed.

// ownLease is UserOptions.Lease, or 0.
func (f *Factory) ownLease() time.Duration {
	if f.opts.Users == nil {
		return 0
	}
	return f.opts.Users.Lease
}

// leaseFrom returns the end of a lease that begins now. It is not later than the absolute
// timeout.
func (f *Factory) leaseFrom(now, began time.Time, idle time.Duration) time.Time {
	return record.LeaseFrom(now, began, f.ownLease(), idle, f.opts.AbsoluteTimeout)
}

// leaseDue reports whether a load must have the lease renewed: less than half of what it is
// longer than the idle timeout is left of it, and a new lease would end later. With an
// absolute timeout it may not, and then there is nothing to renew.
func (f *Factory) leaseDue(now time.Time, m record.Meta) bool {
	lease, idle := m.Login.Lease, m.Idle.Or(f.opts.IdleTimeout)
	if lease.IsZero() || !f.leaseFrom(now, m.Began(), idle).After(lease) {
		return false
	}
	return record.Endless(idle) || lease.Sub(now) < idle+record.LeaseExtra(f.ownLease(), idle)/2
}

// leaseIsDue is leaseDue for the session that was loaded.
func (s *Session) leaseIsDue(now time.Time) bool {
	_, ok := s.store.(UserIndex)
	return ok && s.f.leaseDue(now, s.meta)
}

// outlive renews the lease of a session whose record lives until end, because a load has
// restarted its time to live, when that is later than the lease. A save renews the lease
// too, with half of it left, but does not run when handlers panic, and may fail: such
// requests would keep a session alive that Factory.EndAll does not find. The save writes
// the new end of the lease into the record.
func (s *Session) outlive(ctx context.Context, end time.Time) {
	if !s.due.expiry || !s.meta.Login.Lease.Before(end) {
		return
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	if _, err := s.renewLease(ctx); err != nil {
		s.f.opts.Logger.Warn("session: a session outlives its entry in the index of its user", errorAttr(err))
	}
}

// renewLease renews the lease of a session whose record is about to be written, when that
// is due. A timeout that was changed may need a longer one at once. The record with the
// new end of the lease is written after the entry: a record never outlives its entry. It
// returns the entries whose lease it renewed.
func (s *Session) renewLease(ctx context.Context) (*entries, error) {
	index, ok := s.store.(UserIndex)
	if !ok || s.meta.Login.Lease.IsZero() || s.keepsExpiry() {
		return nil, nil
	}
	now := s.f.now()
	m := s.meta
	m.Idle = record.Override{Set: true, Duration: s.idle()}
	until := s.f.leaseFrom(now, m.Began(), s.idle())
	if !s.f.leaseDue(now, m) && (!s.metaSet.idle || !until.After(m.Login.Lease)) {
		return nil, nil
	}
	e := entries{s: s, index: index, at: s.at, login: m.Login, keys: s.setKeys(m.Login)}
	e.login.Lease = until
	if _, err := e.add(ctx); err != nil {
		return nil, storeError("renew the lease", err)
	}
	s.meta.Login.Lease = until
	return &e, nil
}
