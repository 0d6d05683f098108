package session

import "time"

// Expires returns when the session ends if no request uses it any more (idle), and
// when it ends however much it is used (absolute). The zero time is never. idle is
// never later than absolute; while a session has no idle timeout it is zero, also
// when absolute is not.
//
// A load restarts the idle timeout, so idle usually is Timeout after the load; with
// Options.TouchAfter, and in a passive request (Options.Passive), it is what Redis
// says is left. A new session, and one whose timeout this request has changed, count
// from now. In a passive request with a store that is no TTLLoader, idle is the latest
// time that is possible. A session that has ended returns the present as idle.
func (s *Session) Expires() (idle, absolute time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expires()
}

func (s *Session) expires() (idle, absolute time.Time) {
	if s.ended != nil {
		return s.f.now().UTC(), time.Time{}
	}
	if limit := s.f.opts.AbsoluteTimeout; limit > 0 {
		absolute = s.meta.Began().Add(limit)
	}
	switch {
	case s.idle() == 0:
	case s.guard == nil || s.metaSet.idle || s.idleEnds.IsZero():
		idle = s.restarted()
	default:
		idle = s.idleEnds
	}
	return idle, absolute
}

// restarted returns when the session ends if its idle timeout restarts now, zero for
// never.
func (s *Session) restarted() time.Time {
	now := s.f.now()
	ttl, alive := lifetime(now, s.meta.Began(), s.idle(), s.f.opts.AbsoluteTimeout)
	if alive && ttl == 0 {
		return time.Time{}
	}
	return now.Add(ttl).UTC()
}

// noteEnd keeps when a loaded record ends. left is its time to live in Redis, if the
// load has read it, expires the time in the record, if one counts.
func (s *Session) noteEnd(now time.Time, left time.Duration, expires time.Time) {
	s.idleEnds = time.Time{}
	switch {
	case s.touch, s.rewrite: // by the save of this request
		s.idleEnds = s.restarted()
		return
	case left > 0:
		s.idleEnds = now.Add(left).UTC()
	case left == unknownTTL && s.access != passive && !s.f.opts.ExpiryInRecord: // by the load
		s.idleEnds = s.restarted()
	}
	if !expires.IsZero() && (s.idleEnds.IsZero() || expires.Before(s.idleEnds)) {
		s.idleEnds = expires
	}
}
