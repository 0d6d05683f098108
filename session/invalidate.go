package session

import (
	"context"
	"errors"
	"net/http"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Invalidate ends the session: its record is gone from Redis when Invalidate
// returns, no request in flight can bring it back, and the response deletes
// the cookie. The Session is then a new one, empty and with nothing
// stored. It does not end with the request's context.
//
// When the request came with several cookies of the name, the sessions of all of
// them end. In the Pyramid formats the one that Python reads does.
//
// When it fails, the visitor is still logged in. Handler then answers with the
// error handler and not with the page, whatever the application makes of the
// error, unless another try in the same request succeeds; Save returns the error.
// Renew and CSRFToken are treated alike.
func (s *Session) Invalidate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx = s.withRequest(ctx)
	err := s.invalidate(ctx)
	if err != nil {
		s.f.ended(ctx, CauseLogout, err)
	}
	return s.outcome(logoutStep, err)
}

func (s *Session) invalidate(ctx context.Context) error {
	if s.state == isUnavailable {
		return s.why
	}
	if s.at.Key != "" || s.predecessor.Key != "" {
		ctx, cancel := s.f.writeContext(ctx)
		defer cancel()
		if err := s.endAll(ctx, CauseLogout); err != nil {
			return err
		}
		s.cookie, s.signed, s.endedHere = cookieDelete, "", true
		s.ids, s.predecessor = candidates{}, record.Address{}
	}
	s.reset()
	return nil
}

// endAll ends the session, the one in whose place it began, and those of the
// request's other cookies.
func (s *Session) endAll(ctx context.Context, cause Cause) error {
	var errs []error
	if s.at.Key != "" {
		errs = append(errs, s.f.endFrom(ctx, s.store, s.at, s.front(), s.entriesAt(s.at), cause))
	}
	if s.predecessor.Key != "" {
		errs = append(errs, s.f.end(ctx, s.store, s.predecessor, CauseLogout))
	}
	return errors.Join(append(errs, s.endOthers(ctx))...)
}

// end deletes the session at an address, and where it was renewed, the session
// it went to. A live session takes one round trip: the guard lets any live
// record be removed, whatever its revision, but no marker.
//
// It follows the markers of any number of renewals: each costs one round trip, and
// the context's deadline bounds them.
//
// The markers go last: as long as the session lives, another logout with the
// same old cookie must find the way to it too, and not believe it gone.
func (f *Factory) end(ctx context.Context, store Store, at record.Address, cause Cause) error {
	return f.endFrom(ctx, store, at, f.usualFront(), nil, cause)
}

// usualFront is what live records are likely to begin with.
func (f *Factory) usualFront() []byte {
	if f.binding != nil || f.opts.Users != nil {
		return f.loggedInFront()
	}
	return f.format.Live()
}

// loggedInFront is what the records of sessions with a login are likely to begin with.
func (f *Factory) loggedInFront() []byte {
	if f.binding != nil {
		return f.format.LiveBound()
	}
	return f.format.LiveLoggedIn()
}

// front is what the record of the session begins with, as far as it is known.
func (s *Session) front() []byte {
	switch l := s.meta.Login; {
	case l.Device != "", s.state == isUnbound:
		return s.f.format.LiveBound()
	case !l.At.IsZero():
		return s.f.format.LiveLoggedIn()
	}
	return s.f.format.Live()
}

// endFrom is end, with the guard that the record is likely to begin with. Another one
// costs one more round trip. The entries of the session at the address go with its record,
// or when there is none.
func (f *Factory) endFrom(ctx context.Context, store Store, at record.Address, live []byte, left *entries, cause Cause) error {
	was, err := f.remove(ctx, store, at, live, left)
	if was {
		f.ended(ctx, cause, nil)
	}
	return err
}

// remove removes the session at an address, or the one that a marker there names, and
// reports whether there was one.
//
// In the native format live is the guard of the removal: markers and tombstones do not begin
// with it, and the conflict returns them. The records of the Pyramid formats have no such
// front, and live is nil. Without an observer they are deleted, and remove reports false,
// because Delete does not return whether there was a record. With an observer they are
// removed without a guard, which returns that. Such a removal would also take away a
// tombstone, which only Options.Users makes: with it the record is read first.
func (f *Factory) remove(ctx context.Context, store Store, at record.Address, live []byte, left *entries) (was bool, err error) {
	first, with := at.Key, left // with are the entries until they are gone
	defer func() {
		if err == nil {
			with.leave(ctx)
		}
	}()
	guard := live
	if live == nil {
		if f.watcher == nil {
			gone, err := f.delete(ctx, store, at, left)
			if gone {
				with = nil
			}
			return false, err
		}
		if f.opts.Users != nil {
			guard, err = store.Load(ctx, at.Key, 0)
			if errors.Is(err, ErrNotFound) || err == nil && f.isTombstone(at, guard) {
				return false, nil
			}
			if err != nil {
				return false, storeError("invalidate", err)
			}
		}
	}
	var markers []string
	for ctx.Err() == nil {
		here := with
		if at.Key != first {
			here = nil
		}
		err := here.removeLeaving(ctx, store, at.Key, priorRecord{guard: guard})
		conflict, gone := overtaken(err)
		if conflict == nil {
			if err != nil && !gone {
				return false, storeError("invalidate", err)
			}
			if err == nil && here != nil {
				with = nil
			}
			for _, key := range markers {
				if err := store.Delete(ctx, key); err != nil {
					return !gone, storeError("invalidate", err)
				}
			}
			return !gone, nil
		}
		if f.isTombstone(at, conflict.Current) {
			return false, nil // no session comes there
		}
		if next := f.successorOf(at, conflict.Current); next != nil {
			markers = append(markers, at.Key)
			at, guard = *next, live
		} else {
			guard = conflict.Current // whatever it is, it must not stay
		}
	}
	return false, storeError("invalidate", ctx.Err())
}

// delete deletes the record at an address, whatever it is, and reports whether its entries
// went with it.
func (f *Factory) delete(ctx context.Context, store Store, at record.Address, left *entries) (gone bool, err error) {
	if s, ok := store.(EntryStore); ok && left != nil {
		err := s.RemoveLeaving(ctx, at.Key, nil, left.entry())
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, ErrNotFound):
			return false, nil
		case !errors.Is(err, errors.ErrUnsupported):
			return false, storeError("invalidate", err)
		}
	}
	return false, storeError("invalidate", store.Delete(ctx, at.Key))
}

// successorOf returns the address that a record names when it is a marker.
func (f *Factory) successorOf(at record.Address, record []byte) *record.Address {
	if snap, err := f.format.Decode(at, record); err == nil {
		return snap.Successor
	}
	return nil
}

// endCookies ends the sessions that a request's Cookie lines name. It reports whether
// there was one, and returns the request's store. Natively it ends all of them. The
// Python packages read one cookie only: of several, the first session that a load
// opens is ended.
func (f *Factory) endCookies(ctx context.Context, r, app *http.Request, lines []string) (found bool, store Store, err error) {
	defer func() {
		if err != nil {
			f.ended(ctx, CauseLogout, err)
		}
	}()
	if store, err = f.storeFor(r); err != nil {
		return false, nil, err
	}
	ctx, cancel := f.writeContext(ctx)
	defer cancel()
	var errs []error
	for ids := f.candidates(r, app, lines); ; {
		v, ok := ids.next()
		if !ok {
			return found, store, errors.Join(errs...)
		}
		found = true
		at := f.format.Address(v.id)
		if !f.rules.lastCookie || !ids.several {
			errs = append(errs, f.end(ctx, store, at, CauseLogout))
			continue
		}
		was, err := f.removeRead(ctx, store, at)
		if was {
			f.ended(ctx, CauseLogout, nil)
		}
		if was || err != nil {
			return true, store, err
		}
	}
}

// endOthers ends the sessions of the request's other cookies: with one left, the
// visitor would still be logged in. The Python packages do not read the cookies
// after the one that was loaded, so that in their formats those stay.
func (s *Session) endOthers(ctx context.Context) error {
	if !s.f.rules.lastCookie {
		for _, ok := s.ids.next(); ok; {
			_, ok = s.ids.next()
		}
	}
	var errs []error
	for _, id := range s.ids.tried {
		if at := s.f.format.Address(id); at.Key != s.at.Key && at.Key != s.predecessor.Key {
			errs = append(errs, s.f.end(ctx, s.store, at, CauseLogout))
		}
	}
	return errors.Join(errs...)
}

// removeRead removes the record at an address, and reports whether a load would open it: it
// passes over one whose time is over, and over a tombstone, which stays.
func (f *Factory) removeRead(ctx context.Context, store Store, at record.Address) (was bool, err error) {
	raw, err := store.Load(ctx, at.Key, 0)
	if err == nil {
		snap, broken := f.format.Decode(at, raw)
		if broken == nil && snap.Ended {
			return false, nil
		}
		was = broken != nil || f.lives(snap)
		err = store.Remove(ctx, at.Key, nil)
	}
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return was && err == nil, storeError("invalidate", err)
}

// isTombstone reports whether a record is a tombstone.
func (f *Factory) isTombstone(at record.Address, raw []byte) bool {
	snap, err := f.format.Decode(at, raw)
	return err == nil && snap.Ended
}

// endUnknown ends a session whose ID the browser has not got and cannot get any
// more, for a reason that a later save returns. The caller holds the lock.
func (s *Session) endUnknown(ctx context.Context, why error) error {
	if s.guard == nil || s.id == s.known {
		return nil
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	err := s.f.end(ctx, s.store, s.at, CauseTakenBack)
	s.cookie = cookieKeep
	_ = s.become(isEnded, why)
	return err
}
