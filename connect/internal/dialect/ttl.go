package dialect

import (
	"math"
	"time"
)

// Millis returns a time to live as Redis takes it: whole milliseconds, at
// least 1 of them, so that a short time never becomes none. ttl is positive.
func Millis(ttl time.Duration) int64 {
	return max(1, ttl.Milliseconds())
}

// KeepTTL stands for the time to live that a record has, which stays.
const KeepTTL time.Duration = math.MinInt64

// MillisOrZero is Millis, 0 for a record that never expires, and -1 for KeepTTL.
func MillisOrZero(ttl time.Duration) int64 {
	switch {
	case ttl == KeepTTL:
		return -1
	case ttl <= 0:
		return 0
	}
	return Millis(ttl)
}

// Remaining turns the answer of PTTL into the time to live that
// session.TTLLoader returns. found is false when the key had gone.
func Remaining(pttl int64) (ttl time.Duration, found bool) {
	switch {
	case pttl == -1:
		return 0, true
	case pttl < 0:
		return 0, false
	default:
		// A record in its last millisecond must not look like one that never
		// expires.
		return max(time.Millisecond, time.Duration(pttl)*time.Millisecond), true
	}
}
