package record

import (
	"fmt"
	"math"
	"reflect"
	"time"
)

// longestIdle bounds a timeout to what a time.Duration and Redis hold: some
// 270 years.
const longestIdle = (1 << 33) * time.Second

// wholeSeconds returns d rounded up to whole seconds. Python hands timeouts to
// Redis as they are, and EXPIRE takes no fractions.
func wholeSeconds(d time.Duration) time.Duration {
	d = min(d, longestIdle)
	return (d + time.Second - 1).Truncate(time.Second)
}

// number returns a number as any codec decodes it.
func number(v any) (float64, bool) {
	rv := reflect.ValueOf(v)
	var f float64
	switch {
	case !rv.IsValid():
		return 0, false
	case rv.CanInt():
		f = float64(rv.Int())
	case rv.CanUint():
		f = float64(rv.Uint())
	case rv.CanFloat():
		f = rv.Float()
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

// moment reads a record's member that is a time, in seconds since 1970.
func moment(members map[string]any, name string) (time.Time, error) {
	const year10000 = 253402300800
	f, ok := number(members[name])
	if !ok || f < 0 || f >= year10000 {
		return time.Time{}, badMember(name, "is not a time")
	}
	whole, part := math.Modf(f)
	// A float's seconds are good to a fraction of a microsecond.
	return time.Unix(int64(whole), int64(math.Round(part*1e6))*1e3).UTC(), nil
}

// Timeout reads a record's member that is a number of seconds, rounded up.
func timeout(members map[string]any, name string) (time.Duration, error) {
	f, ok := number(members[name])
	if !ok || f < 0 {
		return 0, badMember(name, "is not a timeout")
	}
	return time.Duration(math.Min(math.Ceil(f), longestIdle.Seconds())) * time.Second, nil
}

// ceilSeconds returns t in seconds since 1970, rounded up.
func ceilSeconds(t time.Time) int64 {
	s := t.Unix()
	if t.Nanosecond() > 0 {
		s++
	}
	return s
}

func badMember(name, why string) error {
	return fmt.Errorf("%w: its %q %s: it was written by something else, or in another format", ErrUndecodable, name, why)
}
