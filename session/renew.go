package session

import (
	"context"
	"errors"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

const (
	// markerTTL is how long a renewed session's old key names its successor:
	// long enough for every request that was sent with the old cookie.
	markerTTL = time.Minute
	// renewalGrace is how long after a renewal a request with the old cookie is
	// taken for one that was sent before: it cannot begin a session, whose cookie
	// would replace the new one. A browser that comes later has never got the
	// new cookie (its visitor clicked twice, say) and begins a new session.
	renewalGrace = 5 * time.Second
)

// Renew gives the session a new ID and keeps its data: call it at every change of
// privilege but a login, where Login does it, so that an ID that was planted or seen before
// opens nothing afterwards (OWASP: session fixation). What the request has
// changed so far is saved with it. The old ID is dead when Renew returns, and so
// is the old CSRF token, which the one who planted the ID may have read: CSRFToken
// makes a new one, and forms rendered before are refused. A token that this
// request has set by NewCSRFToken stays.
//
// A session that another request has renewed, as when a login was clicked twice,
// is not followed to its new ID: Renew begins a new session, which holds what
// this request did and nothing of the old data. In the Pyramid formats, which
// keep no trace of a renewal, it does so for every session that has gone.
//
// A session that ended otherwise is not brought back: the error is ErrGone.
// After the header has been sent it is ErrHeaderWritten, and the session goes on
// under its old ID.
//
// When it fails before that, Handler answers with the error handler and saves
// nothing, as it does for an Invalidate that failed.
func (s *Session) Renew(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, o := s.start(ctx, OpRenew)
	defer o.finish()
	return s.outcome(renewalStep, o.came(s.renew(ctx)))
}

func (s *Session) renew(ctx context.Context) error {
	switch {
	case s.state == isUnavailable, s.state == isUnbound, s.hasGone() && !s.mayStartAgain():
		return s.why
	case s.headerSent:
		return ErrHeaderWritten
	case s.hasGone():
		s.startAgain()
		return nil
	case s.state == isNotStored:
		return nil // it has no ID yet, and will get a new one
	case s.cookieRefused():
		return errCookieRefused
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	id, at, signed, err := s.f.newIdentity()
	if err != nil {
		return err
	}
	// The request's changes. A try that meets another record drops those that are in
	// that record already; a session that begins anew has them from here.
	before := s.data.Clone()
	takeBackToken := s.dropToken()
	login, access := s.meta.Login, s.access
	s.access = active // a passive request that renews the session uses it
	err = s.moveTo(ctx, at, s.entriesAt(at), s.entriesAt(s.at))
	if err == nil {
		s.id, s.at, s.signed, s.cookie = id, at, signed, cookieSet
		return nil
	}
	if errors.Is(err, ErrExists) {
		err = storeError("renew", err)
	}
	takeBackToken()
	s.meta.Login, s.access = login, access
	if errors.Is(err, ErrGone) && !errors.Is(err, ErrUnavailable) && s.mayStartAgain() {
		s.data = before
		s.startAgain()
		return nil
	}
	return err
}

// mayStartAgain reports whether a session that has gone was renewed by another
// request, as far as the format can tell.
func (s *Session) mayStartAgain() bool { return s.state == isRenewed || s.f.format.Live() == nil }

// startAgain makes s a new session that holds what this request did, and nothing
// of the one that has gone. The browser's cookie stays until the new session is
// saved: it may be that of the request that renewed the old one.
//
// undo is for a step that fails afterwards: it makes s again the session that has gone or
// that the request may not use. Otherwise a later save of the request would begin a session,
// whose cookie takes the place of that of the successor.
func (s *Session) startAgain() (undo func()) {
	was, data := s.current, s.data
	was.data = data.Clone()
	if s.state == isRenewed {
		s.predecessor = s.at // an Invalidate in this request ends its successor too
	}
	s.reset()
	data.StartAgain()
	s.data, s.metaSet, s.cookie = data, was.metaSet, cookieKeep
	if s.metaSet.idle {
		s.meta.Idle = was.meta.Idle
	}
	if s.metaSet.maxAge {
		s.meta.MaxAge = was.meta.MaxAge
	}
	return func() { s.current = was }
}

// moveTo writes the session to another address and then closes the one it has,
// in this order: at no moment is the data nowhere. The old record is closed
// only in the state that was copied; when it has changed meanwhile, the copy is
// made again. When the renewal fails, the copy is deleted: no browser gets its ID.
//
// The new entries in the indexes of the session's user are made with the copy, and those
// that it leaves go with the old record, or after it.
func (s *Session) moveTo(ctx context.Context, at record.Address, in, left *entries) (err error) {
	var copied []byte    // the copy's guard, once there is a copy
	var dropped []string // where claims were
	defer func() {
		if err != nil && copied != nil {
			// The time for the renewal may be what ran out.
			ctx, cancel := s.f.writeContext(ctx)
			defer cancel()
			undo := s.takeBack(ctx, at)
			if undo == nil {
				in.leave(ctx)
			}
			err = errors.Join(err, storeError("renew", undo))
		}
	}()
	defer func() {
		if err != nil {
			for _, at := range dropped {
				s.data.Undo(at)
			}
		}
	}()
	return s.retry(ctx, func(bool) error {
		dropped = append(dropped, s.dropClaims()...)
		changes, err := s.changes()
		if err != nil {
			return err
		}
		if in != nil {
			if err := in.extend(ctx); err != nil {
				return err
			}
		}
		raw, snap, ttl, err := s.encode(at, changes)
		if err != nil {
			return err
		}
		if copied == nil {
			err = s.createAt(ctx, at, raw, ttl, in)
		} else if err = s.store.Replace(ctx, at.Key, copied, raw, ttl); in != nil && isOvertaken(err) {
			// The copy was found by its entry, and ended. That was meant for the session, so
			// the old record ends too: an End has looked at the copy only.
			if in.counted {
				return ErrEnded
			}
			err = left.removeLeaving(ctx, s.store, s.at.Key, s.prior())
			if err != nil && !errors.Is(err, ErrNotFound) {
				return guardedError(err)
			}
			return s.gone(isEnded)
		} else {
			err = storeError("renew", err)
		}
		if err != nil {
			return err
		}
		copied = snap.Guard
		now := s.f.now()
		marker := s.f.format.Marker(s.at, at, record.Meta{Created: now, Expires: now.Add(markerTTL)})
		if marker != nil {
			err = left.replaceLeaving(ctx, s.store, s.at.Key, s.prior(), marker, markerTTL)
		} else {
			err = left.removeLeaving(ctx, s.store, s.at.Key, s.prior())
		}
		if err != nil {
			return guardedError(err)
		}
		s.saved(snap)
		return nil
	})
}

// takeBack deletes a record whose ID no browser gets: the copy that a failed renewal or
// login has made. With an observer it also looks whether the record was still there. When it
// was not, another request has found it by its entry in the user's index, has ended it, and
// has passed on an OpEnd. takeBack then passes on the OpCreate of that session, so that the
// sessions created less those ended are those stored.
func (s *Session) takeBack(ctx context.Context, at record.Address) error {
	if s.f.watcher == nil {
		return s.store.Delete(ctx, at.Key)
	}
	was, err := s.f.remove(ctx, s.store, at, s.f.usualFront(), nil)
	if err == nil && !was {
		s.note(ctx, OpCreate, OutcomeOK, nil)
	}
	return err
}

// dropToken takes the CSRF token away, unless this request has set it, and returns what
// takes that back.
func (s *Session) dropToken() (takeBack func()) {
	if s.data.SetByRequest(csrfKey) {
		return func() {}
	}
	s.data.Delete(csrfKey)
	return func() { s.data.Undo(csrfKey) }
}
