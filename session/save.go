package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/contention"
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
		s.clearSiteData(h)
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
	changes, err := s.changes(keys...)
	switch {
	case err != nil:
		s.note(ctx, OpSave, outcomeOf(err), err)
		return err
	case !s.mustSave(changes, keys):
		if len(keys) == 0 && !s.headerSent {
			s.note(ctx, OpSave, OutcomeUnchanged, nil)
		}
		s.readOnly(ctx, keys)
		return nil
	case s.why != nil:
		s.note(ctx, OpSave, outcomeOf(s.why), s.why)
		return s.why
	}
	op := OpSave
	if s.state == isNotStored {
		op = OpCreate
	}
	ctx, o := s.start(ctx, op)
	defer o.finish()
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	return o.came(s.retry(ctx, func(rebased bool) (err error) {
		if rebased {
			if changes, err = s.changes(keys...); err != nil {
				return err
			}
			if !s.mustSave(changes, keys) {
				o.as(OutcomeUnchanged)
				s.readOnly(ctx, keys)
				return nil
			}
		}
		if s.state == isNotStored {
			return s.create(ctx, changes)
		}
		return s.replace(ctx, changes)
	}))
}

// retry is the one loop for conflicts: it calls try until that succeeds or fails, or the
// context ends. try sends a guarded command. When another request has changed the record
// meanwhile, the request's changes are put on top of it, and rebased is true in the next
// call. A record that has gone ends the session.
func (s *Session) retry(ctx context.Context, try func(rebased bool) error) error {
	c := contention.Writer{Turns: s.f.turns, Key: s.at.Key}
	defer c.End()
	rebased, err := c.Join(ctx)
	if rebased {
		err = s.reload(ctx)
	}
	for err == nil {
		c.Begin()
		s.tries++
		failure := try(rebased)
		if failure == nil {
			return nil
		}
		rebased, err = true, s.settle(ctx, &c, failure)
	}
	return err
}

// settle prepares another try after the error of a guarded command. When it returns nil,
// the request's changes are on top of what is stored now.
func (s *Session) settle(ctx context.Context, c *contention.Writer, err error) error {
	conflict, gone := overtaken(err)
	switch {
	case gone:
		return s.gone(isEnded)
	case conflict == nil:
		return err
	}
	if err := s.rebase(conflict.Current); err != nil {
		return err
	}
	waited, err := c.Pause(ctx, len(conflict.Current))
	if err != nil || !waited {
		return err
	}
	return s.reload(ctx)
}

// reload puts the request's changes on top of the record as it is after a wait. Learning
// of it by another conflict would transfer the record twice.
func (s *Session) reload(ctx context.Context) error {
	current, err := s.store.Load(ctx, s.at.Key, 0)
	if errors.Is(err, ErrNotFound) {
		return s.gone(isEnded)
	}
	if err != nil {
		return storeError("save", err)
	}
	return s.rebase(current)
}

// changes returns what a save changes at the given keys, or at all of them.
func (s *Session) changes(keys ...string) ([]record.Change, error) {
	return s.data.Changes(s.changed || !s.f.opts.IgnoreDeepChanges, keys...)
}

// mustSave reports whether there is something to save: changes, or, when all keys are
// saved, what the record holds beside them.
func (s *Session) mustSave(changes []record.Change, keys []string) bool {
	if len(changes) > 0 || len(keys) > 0 {
		return len(changes) > 0
	}
	return s.data.ClearsData() || s.metaSet.idle || s.metaSet.maxAge || s.unseen
}

// readOnly restarts what is due, at the save of a request that has changed nothing.
func (s *Session) readOnly(ctx context.Context, keys []string) {
	if len(keys) == 0 {
		s.restartIfDue(ctx)
	}
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
		if err := s.entriesAt(s.at).removeLeaving(ctx, s.store, s.at.Key, s.prior()); err != nil {
			return guardedError(err)
		}
		s.f.ended(ctx, CauseEmptied, nil)
		s.reset()
		s.cookie, s.endedHere = cookieDelete, true
		return nil
	}
	return s.write(ctx, changes)
}

// write writes the record with the changes over the one that was loaded.
func (s *Session) write(ctx context.Context, changes []record.Change) error {
	leased, err := s.renewLease(ctx)
	if err != nil {
		return err
	}
	record, snap, ttl, err := s.encode(s.at, changes)
	if err != nil {
		return err
	}
	if err := s.overwrite(ctx, record, ttl); err != nil {
		if s.f.hasEnded(s.at, err) {
			leased.leave(ctx) // it may have come after the entry was removed
		}
		return guardedError(err)
	}
	s.saved(snap)
	return nil
}

// hasEnded reports whether a guarded command found no session at an address any more.
func (f *Factory) hasEnded(at record.Address, err error) bool {
	conflict, gone := overtaken(err)
	return gone || conflict != nil && (f.successorOf(at, conflict.Current) != nil || f.isTombstone(at, conflict.Current))
}

// guardedError leaves the answers of a guarded command as they are and wraps
// the rest.
func guardedError(err error) error {
	if isOvertaken(err) {
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
	s.f.learn(at.Key, ttl, m)
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
	if s.f.binding != nil && m.Login.Device != "" && !s.headerSent {
		m.Login.Device = s.f.binding.Prepare(m.Login.Device)
	}
	if s.f.opts.ExpiryInRecord {
		ttl = 0
	}
	raw, snap, err := s.f.format.Encode(at, m, s.data.Base(), changes)
	if err != nil {
		return nil, record.Snapshot{}, 0, err
	}
	s.size = len(raw)
	if n := len(raw); n > s.f.opts.MaxRecordBytes {
		return nil, record.Snapshot{}, 0, fmt.Errorf("%w (%d bytes, at most %d)", ErrTooLarge, n, s.f.opts.MaxRecordBytes)
	}
	return raw, snap, ttl, nil
}

// saved takes over what was just written.
func (s *Session) saved(snap record.Snapshot) {
	kept := s.keepsExpiry()
	s.metaSet.idle, s.metaSet.maxAge, s.metaSet.login = false, false, false
	s.due, s.state = due{}, isStored
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
	if snap.Successor != nil {
		return s.gone(isRenewed)
	}
	if snap.Ended {
		return s.gone(isEnded)
	}
	s.adopt(snap)
	s.data.Rebase(snap.Data)
	return nil
}

// gone notes that the record has gone, and returns the error for it. A session that was
// renewed keeps its cookie, which the browser may have replaced by the new one already.
func (s *Session) gone(st state) error {
	s.cookie = cookieDelete
	if st == isRenewed {
		s.cookie = cookieKeep
	}
	return s.become(st, ErrGone)
}
