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

// load returns the session that a request's Cookie lines name, loaded or new. An
// unknown ID is never adopted: the new session gets another one. app is the request as the
// application has it.
func (f *Factory) load(r, app *http.Request, cookies []string) (*Session, error) {
	store, err := f.storeFor(r)
	s := f.blankSession(r, store)
	s.app = app
	if err == nil {
		s.access = f.accessOf(r)
	}
	err = s.find(cookies, err)
	if s.state != isStored {
		s.begin()
	}
	if err != nil {
		return s.loadFailed(err)
	}
	return s, nil
}

// find is loadFromCookies as an operation that the observer gets. err is why there is no store.
func (s *Session) find(cookies []string, err error) error {
	ctx, o := s.start(s.r.Context(), OpLoad)
	defer o.finish()
	met := Outcome(0)
	if err == nil {
		met, err = s.loadFromCookies(ctx, cookies)
	}
	if err == nil {
		o.as(met)
	}
	return o.came(err)
}

// loadFromCookies loads the first session that the request's Cookie lines name and that the
// request may use, if any. A session that was renewed a moment ago counts only when no
// other cookie leads to a session: the new cookie may stand beside the old one, where
// cookie_path or cookie_domain was changed. It returns what became of the last cookie.
func (s *Session) loadFromCookies(ctx context.Context, cookies []string) (met Outcome, err error) {
	f := s.f
	s.lines = cookies
	var renewed, unbound *record.Address
	met = OutcomeAnonymous
	for s.ids = f.candidates(s.r, s.app, cookies); ; {
		c, ok := s.ids.next()
		if !ok {
			switch {
			case unbound != nil:
				s.at = *unbound
				s.turnAway()
				met = OutcomeUnbound
			case renewed != nil:
				s.at = *renewed
				_ = s.become(isRenewed, ErrGone)
				met = OutcomeGone
			case met == OutcomeAnonymous && s.ids.forged:
				met = OutcomeForged
			}
			return met, nil
		}
		found, err := s.loadID(ctx, c.id)
		switch {
		case err == nil && found && (s.state == isRenewed || s.state == isUnbound):
			at, which := s.at, &renewed
			if s.state == isUnbound {
				which = &unbound
			}
			if *which == nil {
				*which = &at
			}
			s.at, s.state, s.why = record.Address{}, isNotStored, nil
		case err == nil && found:
			if c.old {
				s.cookie = cookieSet
				return OutcomeOldSecret, nil
			}
			return OutcomeHit, nil
		case errors.Is(err, ErrUndecodable) && !f.opts.FailOnUndecodable, errors.Is(err, ErrNotFound):
			met = outcomeOf(err)
			f.invalid(s.r, s.app, err)
		case err != nil:
			return 0, err
		}
	}
}

// loadFailed returns the error, or an empty session where the operator chose
// that for a store that is down. When the request's time is over, the store need
// not be down, and a page would come too late.
func (s *Session) loadFailed(err error) (*Session, error) {
	if !s.f.opts.AnonymousWhenDown || !errors.Is(err, ErrUnavailable) || s.r.Context().Err() != nil {
		return nil, err
	}
	s.f.opts.Logger.Warn("session: the store is down; the request goes on without its session", errorAttr(err))
	_ = s.become(isUnavailable, err)
	return s, nil
}

// loadID loads the session with an ID into s, and reports whether the search is over. It
// is also over when the session has been renewed a moment ago: s then has no data and
// cannot be saved.
func (s *Session) loadID(ctx context.Context, id string) (bool, error) {
	at := s.f.format.Address(id)
	ttl := s.askFor()
	raw, left, err := s.fetch(ctx, at.Key, ttl)
	if errors.Is(err, ErrNotFound) {
		return false, ErrNotFound
	}
	if err != nil {
		return false, storeError("load", err)
	}
	s.size = len(raw)
	snap, err := s.f.format.Decode(at, raw)
	if err != nil {
		s.at = at // Invalidate ends what cannot be read too
		return false, err
	}
	if snap.Ended {
		// No session is there, and none comes. The load has restarted the tombstone's time
		// to live as if it were a session's.
		if left == unknownTTL && ttl > 0 {
			s.f.overridden.Add(at.Key)
			if err := s.restart(ctx, at.Key, prior(&snap), s.f.tombstoneLife()); err != nil && !errors.Is(err, ErrNotFound) {
				return false, err
			}
		}
		return false, ErrNotFound
	}
	if snap.Successor != nil {
		return s.loadMarker(ctx, s.f.now(), at, snap, left, left == unknownTTL && ttl > 0)
	}
	if err := s.loadRecord(ctx, id, at, snap, ttl, left); err != nil {
		return false, err
	}
	return true, nil
}

// loadRecord loads a record into s, unless its time is over, and puts its time to live
// right. ttl is what the load has asked for, left what it has read.
func (s *Session) loadRecord(ctx context.Context, id string, at record.Address, snap record.Snapshot, ttl, left time.Duration) error {
	f, now := s.f, s.f.now()
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
		err := removePrior(ctx, s.store, at.Key, prior(&snap))
		if err != nil && !isOvertaken(err) {
			return storeError("load", err)
		}
		if alive {
			if err == nil {
				f.ended(ctx, CauseRevoked, nil)
			}
			return errOutdated
		}
		return errExpired
	}
	if left != unknownTTL || full != f.opts.IdleTimeout {
		f.learn(at.Key, full, snap.Meta)
	}
	if l := snap.Meta.Login; !s.admitted(l.At, l.Device) {
		if s.access != passive && misjudged(ttl, full, left, snap.Meta) && !f.opts.ExpiryInRecord {
			if err := s.restart(ctx, at.Key, prior(&snap), full); err != nil {
				return err
			}
		}
		s.at, s.state = at, isUnbound
		return nil
	}
	s.fill(id, at, snap)
	defer func() { s.noteEnd(now, left, expires) }()
	if s.access == passive {
		return nil
	}
	// Another server whose clock is ahead must not lengthen the absolute timeout.
	s.due.record = snap.Outmoded
	s.due.expiry = restated && f.opts.AbsoluteTimeout > 0 || s.leaseIsDue(now) ||
		expiryKept && expiryDue(now, expires, full, s.touchAfter(full, f.opts.ExpiryInRecord))
	s.rollCookie(now)
	if f.opts.ExpiryInRecord {
		return nil
	}
	atOnce := misjudged(ttl, full, left, snap.Meta)
	if left != unknownTTL && (restartDue(left, full, s.touchAfter(full, full != f.opts.IdleTimeout)) || s.access == touching && full > 0) {
		// Without TouchAfter every load keeps the session alive, whether or not a save comes.
		s.due.ttl = f.opts.TouchAfter > 0
		if atOnce = !s.due.ttl; atOnce {
			left = unknownTTL
		}
	}
	if left == unknownTTL {
		s.outlive(ctx, now.Add(full))
	}
	if atOnce {
		if err := s.restart(ctx, at.Key, prior(&snap), full); err != nil {
			s.reset()
			return err
		}
	}
	return nil
}

// misjudged reports whether the load has restarted the time to live at the factory's
// timeout, but the session has another one, or is about to reach the absolute timeout.
func misjudged(ttl, full, left time.Duration, m record.Meta) bool {
	return left == unknownTTL && ttl != full && (ttl > 0 || m.Idle.Set)
}

// loadMarker deals with a marker. As long as Redis holds it, s remembers the
// address: a logout with the old cookie ends the successor too. left is the
// marker's time to live, when the load has read it; prolonged says that the load
// has restarted it as if it were a session's.
//
// The marker's own times are by the clock of the server that wrote it, which may
// differ from this one's. So they decide for how long a request counts as having
// been under way, but not whether the marker counts.
func (s *Session) loadMarker(ctx context.Context, now time.Time, at record.Address, marker record.Snapshot, left time.Duration, prolonged bool) (bool, error) {
	s.at = at
	age := now.Sub(marker.Meta.Created)
	if left > 0 {
		age = markerTTL - left
	}
	if prolonged {
		s.f.overridden.Add(at.Key)
		if err := s.shortenMarker(ctx, now, at, marker, age); err != nil {
			return false, err
		}
	}
	if inGrace(age) {
		_ = s.become(isRenewed, ErrGone)
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
	if err := replacePrior(ctx, s.store, at.Key, prior(&marker), restated, markerTTL-renewalGrace); err != nil && !isOvertaken(err) {
		return storeError("restart the time to live", err)
	}
	return nil
}
