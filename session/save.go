package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// maxNewIDs bounds how often a new session takes another ID because a record
// exists already. With random IDs it does not happen at all.
const maxNewIDs = 3

// save saves the session and puts what the browser must know into h. Nothing is
// saved after a step that failed: what a login writes must not end up in a session
// whose renewal failed. The caller holds the lock.
func (f *Factory) save(h http.Header, r *http.Request, s *Session) error {
	s.header = h
	if err := s.failure(); err != nil {
		return errors.Join(err, s.writeCookie(h, r.TLS != nil))
	}
	err := s.commit(r.Context())
	if errors.Is(err, errCookieRefused) {
		f.opts.Logger.Warn("session: a new session was not saved", errorAttr(err))
		s.refused = true
		err = nil
	}
	s.clearSiteData(h)
	cookieErr := s.writeCookie(h, r.TLS != nil)
	if errors.Is(cookieErr, errCookieRefused) {
		cookieErr = errors.Join(cookieErr, s.endUnknown(r.Context(), errCookieRefused))
	}
	return errors.Join(err, cookieErr)
}

// commit writes what the request did to the stored record: at the given keys, or all of
// it when none are given. The caller holds the lock.
func (s *Session) commit(ctx context.Context, keys ...string) error {
	c := contention{turns: s.f.turns, key: s.at.Key}
	defer c.end()
	for try := 1; ; try++ {
		changes, err := s.changes(keys...)
		if err != nil {
			return err
		}
		if len(changes) == 0 && len(keys) > 0 {
			return nil
		}
		if len(changes) == 0 && !s.mustSave() {
			s.restartIfDue(ctx)
			return nil
		}
		if s.ended != nil {
			return s.ended
		}
		if s.unavailable != nil {
			return s.unavailable
		}
		if try == 1 {
			var cancel context.CancelFunc
			ctx, cancel = s.f.writeContext(ctx)
			defer cancel()
			if waited, err := c.join(ctx); err != nil {
				return err
			} else if waited {
				if err := s.reload(ctx); err != nil {
					return err
				}
				continue
			}
		}
		if s.guard == nil {
			return s.create(ctx, changes)
		}
		c.began = time.Now()
		err = s.replace(ctx, changes)
		if err == nil {
			return nil
		}
		if err := s.settle(ctx, &c, err); err != nil {
			return err
		}
	}
}

// settle prepares another try after a guarded command's error. When it returns nil
// the request's changes are on top of what is stored now. A record that has gone
// ends the session.
func (s *Session) settle(ctx context.Context, c *contention, err error) error {
	conflict, ok := errors.AsType[*ConflictError](err)
	switch {
	case errors.Is(err, ErrNotFound):
		return s.end(false)
	case !ok:
		return err
	}
	if err := s.rebase(conflict.Current); err != nil {
		return err
	}
	waited, err := c.pause(ctx, len(conflict.Current))
	if err != nil || !waited {
		return err
	}
	return s.reload(ctx)
}

// reload puts the request's changes on top of the record as it is after a wait: to
// find that out by another conflict would transfer it twice.
func (s *Session) reload(ctx context.Context) error {
	record, err := s.store.Load(ctx, s.at.Key, 0)
	if errors.Is(err, ErrNotFound) {
		return s.end(false)
	}
	if err != nil {
		return storeError("save", err)
	}
	return s.rebase(record)
}

// changes returns what a save changes at the given keys, or at all of them.
func (s *Session) changes(keys ...string) ([]record.Change, error) {
	return s.data.Changes(s.changed || !s.f.opts.IgnoreDeepChanges, keys...)
}

// mustSave reports whether there is something to save beside the values of keys.
func (s *Session) mustSave() bool {
	return s.data.ClearsData() || s.metaSet.idle || s.metaSet.maxAge || s.unseen
}

// create writes the record of a new session under a new ID.
func (s *Session) create(ctx context.Context, changes []record.Change) error {
	if s.headerSent {
		return ErrHeaderWritten
	}
	if s.cookieRefused() {
		return errCookieRefused
	}
	for range maxNewIDs {
		id, at, signed, err := s.f.newIdentity()
		if err != nil {
			return err
		}
		record, snap, ttl, err := s.encode(at, changes)
		if err != nil {
			return err
		}
		err = s.store.Create(ctx, at.Key, record, ttl)
		if errors.Is(err, ErrExists) {
			continue
		}
		if err != nil {
			return storeError("save a new session", err)
		}
		s.id, s.at, s.signed, s.cookie = id, at, signed, cookieSet
		s.saved(snap)
		return nil
	}
	return fmt.Errorf("session: save a new session: %d new IDs in a row exist already: the ID generator repeats itself", maxNewIDs)
}

// replace writes the changed record over the one that was loaded, or takes it
// away when nothing is left in it and the settings say so.
func (s *Session) replace(ctx context.Context, changes []record.Change) error {
	if s.f.opts.InvalidateEmpty && s.data.IsEmpty() {
		if err := removePrior(ctx, s.store, s.at.Key, s.prior()); err != nil {
			return guardedError(err)
		}
		s.entriesAt(s.at).leave(ctx)
		s.reset()
		s.cookie, s.endedHere = cookieDelete, true
		return nil
	}
	return s.write(ctx, changes)
}

// write writes the record with the changes over the one that was loaded.
func (s *Session) write(ctx context.Context, changes []record.Change) error {
	if err := s.renewLease(ctx); err != nil {
		return err
	}
	record, snap, ttl, err := s.encode(s.at, changes)
	if err != nil {
		return err
	}
	if err := s.overwrite(ctx, record, ttl); err != nil {
		return guardedError(err)
	}
	s.saved(snap)
	return nil
}

// guardedError leaves the answers of a guarded command as they are and wraps
// the rest.
func guardedError(err error) error {
	if isOver(err) {
		return err
	}
	return storeError("save", err)
}

// encode makes the record for an address, with its time to live in Redis.
func (s *Session) encode(at record.Address, changes []record.Change) ([]byte, record.Snapshot, time.Duration, error) {
	m, now := s.meta, s.f.now()
	ttl, alive := lifetime(now, m.Began(), s.idle(), s.f.opts.AbsoluteTimeout)
	if !alive {
		return nil, record.Snapshot{}, 0, ErrNotFound
	}
	same := at.Key == s.at.Key
	kept := m.Expires
	m.Expires = time.Time{}
	if _, written := s.f.format.Expiry(); ttl > 0 && (written || s.f.opts.ExpiryInRecord) {
		m.Expires = now.Add(ttl)
		if same && s.keepsExpiry() && !kept.IsZero() {
			m.Expires = kept
		}
	}
	m.CookieSent = s.cookieSentAt(now, same)
	if s.f.opts.ExpiryInRecord {
		ttl = 0
	}
	raw, snap, err := s.f.format.Encode(at, m, s.data.Base(), changes)
	if err != nil {
		return nil, record.Snapshot{}, 0, err
	}
	if n := len(raw); n > s.f.opts.MaxRecordBytes {
		return nil, record.Snapshot{}, 0, fmt.Errorf("%w (%d bytes, at most %d)", ErrTooLarge, n, s.f.opts.MaxRecordBytes)
	}
	return raw, snap, ttl, nil
}

// saved takes over what was just written.
func (s *Session) saved(snap record.Snapshot) {
	kept := s.keepsExpiry()
	s.metaSet.idle, s.metaSet.maxAge, s.metaSet.login = false, false, false
	s.touch, s.rewrite, s.roll = false, false, false
	s.adopt(snap)
	s.data.Saved(snap.Data)
	if !kept {
		s.idleEnds = s.restarted()
	}
}

// rebase puts the request's changes on top of the record that is there now.
func (s *Session) rebase(current []byte) error {
	snap, err := s.f.format.Decode(s.at, current)
	if err != nil {
		return fmt.Errorf("session: save: %w", err)
	}
	if snap.Successor != nil || snap.Ended {
		return s.end(snap.Successor != nil)
	}
	s.adopt(snap)
	s.data.Rebase(snap.Data)
	return nil
}

// end notes that the record is gone, and returns the error for it. A session
// that was renewed leaves the cookie alone, whatever was to become of it: the
// browser may have the new one already.
func (s *Session) end(renewed bool) error {
	s.ended, s.renewed, s.cookie = ErrGone, renewed, cookieDelete
	if renewed {
		s.cookie = cookieKeep
	}
	return s.ended
}
