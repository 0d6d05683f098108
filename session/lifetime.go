package session

import "time"

// lifetime returns the time to live of a session from now on: its idle
// timeout, or what is left until its absolute timeout, whichever is shorter.
// For both timeouts 0 is none; a result of 0 is no expiry. It reports false
// when the absolute timeout has passed.
func lifetime(now, created time.Time, idle, absolute time.Duration) (ttl time.Duration, alive bool) {
	if absolute <= 0 {
		return idle, true
	}
	left := min(created.Add(absolute).Sub(now), absolute) // a creation in the future counts as now
	if left <= 0 {
		return 0, false
	}
	if idle > 0 && idle < left {
		return idle, true
	}
	return left, true
}

// restartDue reports whether a time to live of which `left` remains should be
// restarted at full: when at least after has passed since the last restart, or
// half of full where that is no longer than after. A left or full of 0 is no
// expiry.
func restartDue(left, full, after time.Duration) bool {
	switch {
	case left == full:
		return false
	case left == 0 || full == 0:
		return true // one of them never expires: not a matter of time
	case left > full+time.Second:
		return true // a shorter timeout, or a cap, came into force; a second is for two clocks
	case after >= full:
		// A session with a short timeout of its own would end while it is used.
		return full-left >= full/2
	default:
		return full-left >= after
	}
}

// roundedUp is by how much a time in a record may be ahead of the clock that wrote
// it: pyramid_session_redis keeps whole seconds.
const roundedUp = time.Second

// fromTheFuture reports whether a time is ahead of this server's clock, so that the
// server that wrote it has another.
func fromTheFuture(now, t time.Time) bool { return t.Sub(now) > roundedUp }
