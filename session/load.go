package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// errExpired is reported for a record whose time is over but that Redis still
// holds.
var errExpired = fmt.Errorf("%w: it has expired", ErrNotFound)

// open returns the session that a request's Cookie lines name, loaded or new. An
// ID that is unknown is never adopted: a new session gets an ID of its own.
func (f *Factory) open(r *http.Request, cookies []string) (*Session, error) {
	store, err := f.storeFor(r)
	s := f.blankSession(r, store)
	if err == nil {
		s.access = f.accessOf(r)
		err = s.search(cookies)
	}
	if s.guard == nil {
		s.begin()
	}
	if err != nil {
		return s.openFailed(err)
	}
	return s, nil
}

// search loads the first session that the request's Cookie lines name, if any. A
// session that was renewed a moment ago counts only when no other cookie leads to
// a session: the new cookie may stand beside the old one, where cookie_path or
// cookie_domain was changed.
func (s *Session) search(cookies []string) error {
	f, r := s.f, s.r
	var renewed struct {
		at  record.Address
		why error
	}
	for s.ids = f.candidates(r, cookies); ; {
		c, ok := s.ids.next()
		if !ok {
			if renewed.why != nil {
				s.at, s.ended, s.renewed = renewed.at, renewed.why, true
			}
			return nil
		}
		found, err := s.find(r.Context(), c.id)
		switch {
		case err == nil && found && s.renewed:
			if renewed.why == nil {
				renewed.at, renewed.why = s.at, s.ended
			}
			s.at, s.ended, s.renewed = record.Address{}, nil, false
		case err == nil && found:
			if c.old {
				s.cookie = cookieSet
			}
			return nil
		case errors.Is(err, ErrUndecodable) && !f.opts.FailOnUndecodable, errors.Is(err, ErrNotFound):
			f.invalid(r, err)
		case err != nil:
			return err
		}
	}
}

// openFailed returns the error, or an empty session where the operator chose
// that for a store that is down. When the request's time is over, the store need
// not be down, and a page would come too late.
func (s *Session) openFailed(err error) (*Session, error) {
	if !s.f.opts.AnonymousWhenDown || !errors.Is(err, ErrUnavailable) || s.r.Context().Err() != nil {
		return nil, err
	}
	s.f.opts.Logger.Warn("session: the store is down; the request goes on without its session", errorAttr(err))
	s.unavailable = err
	return s, nil
}

// find loads the session with an ID into s, and reports whether the search is
// over. It is also over when the session has been renewed a moment ago: s is then
// empty and cannot be saved.
func (s *Session) find(ctx context.Context, id string) (bool, error) {
	f, at := s.f, s.f.format.Address(id)
	ttl := s.askFor()
	record, left, err := s.fetch(ctx, at.Key, ttl)
	if errors.Is(err, ErrNotFound) {
		return false, ErrNotFound
	}
	if err != nil {
		return false, storeError("load", err)
	}
	snap, err := f.format.Decode(at, record)
	if err != nil {
		s.at = at // Invalidate ends what cannot be read too
		return false, err
	}
	now := f.now()
	if snap.Ended {
		s.at, s.ended, s.renewed = at, ErrGone, true
		return true, nil
	}
	if snap.Successor != nil {
		return s.findRenewed(ctx, now, at, snap, left, left == unknownTTL && ttl > 0)
	}
	outdated := f.outdated(snap.Meta)
	restated := fromTheFuture(now, snap.Meta.Created)
	if restated {
		snap.Meta.Created = now.Truncate(time.Millisecond).UTC()
	}
	full, alive := lifetime(now, snap.Meta.Began(), snap.Meta.Idle.Or(f.opts.IdleTimeout), f.opts.AbsoluteTimeout)
	expires, expiryKept := f.expiryOf(snap)
	if !expires.IsZero() && !now.Before(expires) {
		alive = false
	}
	if !alive || outdated {
		if err := removePrior(ctx, s.store, at.Key, prior(&snap)); err != nil && !isOver(err) {
			return false, storeError("load", err)
		}
		if alive {
			return false, errOutdated
		}
		return false, errExpired
	}
	s.load(id, at, snap)
	defer s.noteEnd(now, left, expires)
	if s.access == passive {
		return true, nil
	}
	// Another server whose clock is ahead must not lengthen the absolute timeout.
	s.rewrite = restated && f.opts.AbsoluteTimeout > 0 || s.leaseIsDue(now) ||
		expiryKept && expiryDue(now, expires, full, s.touchAfter())
	s.rollCookie(now)
	switch {
	case f.opts.ExpiryInRecord:
	case left != unknownTTL:
		s.touch = restartDue(left, full, f.opts.TouchAfter)
	case ttl != full && (ttl > 0 || snap.Meta.Idle.Set):
		// The load restarted the factory's timeout, but this session has one of
		// its own or is about to reach the absolute one. It cannot wait for the
		// save, which may never come.
		if err := s.restart(ctx, at.Key, prior(&snap), full); err != nil {
			s.reset()
			return false, err
		}
	}
	return true, nil
}

// findRenewed deals with a marker. As long as Redis holds it, s remembers the
// address: a logout with the old cookie ends the successor too. left is the
// marker's time to live, when the load has read it; prolonged says that the load
// has restarted it as if it were a session's.
//
// The marker's own times are by the clock of the server that wrote it, which may
// differ from this one's. So they decide for how long a request counts as having
// been under way, but not whether the marker counts.
func (s *Session) findRenewed(ctx context.Context, now time.Time, at record.Address, marker record.Snapshot, left time.Duration, prolonged bool) (bool, error) {
	s.at = at
	age := now.Sub(marker.Meta.Created)
	if left > 0 {
		age = markerTTL - left
	}
	if prolonged {
		if err := s.shortenMarker(ctx, now, at, marker, age); err != nil {
			return false, err
		}
	}
	if inGrace(age) {
		s.ended, s.renewed = ErrGone, true
		return true, nil
	}
	return false, ErrNotFound
}

// inGrace reports whether a request that meets a marker of that age counts as one
// that was under way. A marker may seem to be from the future, by as much as two
// clocks may differ; one that is further away gives no grace, which would last until
// this clock has caught up.
func inGrace(age time.Duration) bool { return -renewalGrace < age && age < renewalGrace }

// shortenMarker puts a marker's time to live back to the minute that it has. Where
// the clocks differ so much that the marker's times cannot tell what is left of it,
// the minute begins again once, by this clock.
func (s *Session) shortenMarker(ctx context.Context, now time.Time, at record.Address, marker record.Snapshot, age time.Duration) error {
	if left := markerTTL - max(age, 0); age > -renewalGrace && left > 0 {
		return s.restart(ctx, at.Key, prior(&marker), left)
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	created := now.Add(-renewalGrace) // the grace has passed
	restated := s.f.format.Marker(at, *marker.Successor, record.Meta{Created: created, Expires: created.Add(markerTTL)})
	if err := replacePrior(ctx, s.store, at.Key, prior(&marker), restated, markerTTL-renewalGrace); err != nil && !isOver(err) {
		return storeError("restart the time to live", err)
	}
	return nil
}
