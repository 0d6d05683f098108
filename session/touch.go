package session

import (
	"context"
	"errors"
	"time"
)

// Touch restarts the idle timeout now, whatever Options.TouchAfter and Options.Passive
// say: call it now and then from a handler that stays open, such as a stream or a
// websocket. It reads the record first, so that what other requests have changed
// meanwhile counts: a timeout of its own, a logout. It never passes the absolute timeout,
// saves nothing of the session's data, and does not end with the request's context. A
// new session that has not been saved yet has nothing to restart.
//
// The error is ErrGone when the session has ended, also when it was renewed: it goes on
// under another ID, with the browser's next request. It wraps ErrUnavailable when the
// store did not answer, and is ErrConflict when other requests kept changing a record
// that holds its own time of expiry (set_redis_ttl = false, python_expires). Touch takes
// one round trip, and another for a session with a timeout of its own or with its time
// of expiry in the record.
func (s *Session) Touch(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended != nil:
		return s.ended
	case s.unavailable != nil:
		return s.unavailable
	case s.guard == nil:
		return nil
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	c := contention{turns: s.f.turns, key: s.at.Key}
	defer c.end()
	for {
		c.began = time.Now()
		stored := s.f.blankSession(s.r, s.store)
		stored.access = touching
		stored.header, stored.headerSent = s.header, true // its cookie is not sent
		_, err := stored.find(ctx, s.id)
		switch {
		case errors.Is(err, ErrNotFound):
			return s.end(false)
		case err != nil:
			return err
		case stored.ended != nil:
			return s.end(stored.renewed)
		}
		stored.roll, stored.cookie = false, cookieKeep
		seen := stored.guard
		err = stored.restartDue(ctx)
		switch {
		case errors.Is(err, ErrNotFound):
			return s.end(false)
		case isOver(err):
			if _, err := c.pause(ctx, 0); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		s.touched(stored, string(seen))
		return nil
	}
}

// touched takes over the times of the record as Touch left it. The data stay those
// that the request has loaded: when the record held others, the next save finds a
// conflict and applies the request's edits to them.
func (s *Session) touched(stored *Session, seen string) {
	s.touch, s.rewrite = false, false
	s.idleEnds = stored.idleEnds
	if string(s.guard) == seen {
		s.guard, s.whole = stored.guard, stored.whole
		s.meta.Expires, s.meta.Members = stored.meta.Expires, stored.meta.Members
	}
}
