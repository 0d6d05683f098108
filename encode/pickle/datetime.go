package pickle

import (
	"fmt"
	"math"
	"time"
)

// DateTime is a Python datetime.datetime whose wall clock stands for itself:
// one without a time zone ("naive"), or one whose zone time.Time cannot give
// back exactly. Any other datetime with a zone is a time.Time.
type DateTime struct {
	Year, Month, Day                  int
	Hour, Minute, Second, Microsecond int
	// Fold is 1 for the second of two equal wall clock times at the end of
	// summer time, else 0.
	Fold int
	// Zone is nil for a naive datetime.
	Zone *Zone
}

// Date is a Python datetime.date.
type Date struct{ Year, Month, Day int }

// Time is a Python datetime.time: a time of day.
type Time struct {
	Hour, Minute, Second, Microsecond int
	// Fold is as in DateTime.
	Fold int
	// Zone is nil for a naive time.
	Zone *Zone
}

// Zone is a Python datetime.timezone, a fixed offset from UTC.
type Zone struct {
	// Offset is positive east of Greenwich, and less than a day.
	Offset TimeDelta
	// Name is the name given to the zone; "" when there is none.
	Name string
}

// TimeDelta is a Python datetime.timedelta in Python's own form: Seconds from
// 0 to 86399 and Microseconds from 0 to 999999, only Days may be negative.
type TimeDelta struct{ Days, Seconds, Microseconds int }

const (
	maxDays         = 999999999 // of a timedelta, either way
	secondsPerDay   = 24 * 60 * 60
	microsPerSecond = 1000000
	foldBit         = 0x80 // in a state's month or hour, from protocol 4 on
)

// DateTimeOf returns the wall clock of t, without its zone.
func DateTimeOf(t time.Time) DateTime {
	return DateTime{
		Year: t.Year(), Month: int(t.Month()), Day: t.Day(),
		Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(), Microsecond: t.Nanosecond() / 1000,
	}
}

// In returns the instant that d stands for. A naive d is taken to be the wall
// clock at loc; loc is not used when d has a zone of its own.
func (d DateTime) In(loc *time.Location) time.Time {
	micros := 0
	if d.Zone != nil {
		loc, micros = d.Zone.location(), d.Zone.Offset.Microseconds
	}
	t := time.Date(d.Year, time.Month(d.Month), d.Day, d.Hour, d.Minute, d.Second, d.Microsecond*1000, loc)
	return t.Add(-time.Duration(micros) * time.Microsecond)
}

// String is Python's isoformat().
func (d DateTime) String() string {
	return Date{d.Year, d.Month, d.Day}.String() + "T" +
		Time{Hour: d.Hour, Minute: d.Minute, Second: d.Second, Microsecond: d.Microsecond, Zone: d.Zone}.String()
}

// String is Python's isoformat().
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// String is Python's isoformat().
func (t Time) String() string {
	s := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Microsecond != 0 {
		s += fmt.Sprintf(".%06d", t.Microsecond)
	}
	if t.Zone != nil {
		s += t.Zone.offset()
	}
	return s
}

// offset is the zone as isoformat() writes it: +05:30.
func (z *Zone) offset() string {
	micros := (z.Offset.Days*secondsPerDay+z.Offset.Seconds)*microsPerSecond + z.Offset.Microseconds
	sign := "+"
	if micros < 0 {
		sign, micros = "-", -micros
	}
	seconds := micros / microsPerSecond
	s := fmt.Sprintf("%s%02d:%02d", sign, seconds/3600, seconds/60%60)
	if micros %= microsPerSecond; seconds%60 != 0 || micros != 0 {
		s += fmt.Sprintf(":%02d", seconds%60)
	}
	if micros != 0 {
		s += fmt.Sprintf(".%06d", micros)
	}
	return s
}

// location is the zone without the microseconds of its offset.
func (z *Zone) location() *time.Location {
	seconds := z.Offset.Days*secondsPerDay + z.Offset.Seconds
	if seconds == 0 && z.Name == "" {
		return time.UTC
	}
	return time.FixedZone(z.Name, seconds)
}

// Duration returns d and whether a time.Duration can hold it.
func (d TimeDelta) Duration() (time.Duration, bool) {
	const mostMicros = math.MaxInt64 / 1000
	if d.Days > mostMicros/microsPerSecond/secondsPerDay+1 || d.Days < -mostMicros/microsPerSecond/secondsPerDay-1 {
		return 0, false
	}
	micros := (int64(d.Days)*secondsPerDay+int64(d.Seconds))*microsPerSecond + int64(d.Microseconds)
	if micros > mostMicros || micros < -mostMicros {
		return 0, false
	}
	return time.Duration(micros) * time.Microsecond, true
}

// TimeDeltaOf returns d, cut to whole microseconds.
func TimeDeltaOf(d time.Duration) TimeDelta {
	micros := d.Microseconds()
	t, _ := newTimeDelta(0, 0, micros)
	return t
}

// newTimeDelta carries the parts over as Python's constructor does.
func newTimeDelta(days, seconds, micros int64) (TimeDelta, error) {
	const most = 1 << 60 // far beyond what Python writes, and no sum overflows
	for _, n := range [...]int64{days, seconds, micros} {
		if n > most || n < -most {
			return TimeDelta{}, malformed("a timedelta is out of range")
		}
	}
	carry, micros := floorDiv(micros, microsPerSecond)
	more, seconds := floorDiv(seconds+carry, secondsPerDay)
	days += more
	if days > maxDays || days < -maxDays {
		return TimeDelta{}, malformed("a timedelta is out of range")
	}
	return TimeDelta{int(days), int(seconds), int(micros)}, nil
}

func floorDiv(a, b int64) (quotient, remainder int64) {
	quotient, remainder = a/b, a%b
	if remainder < 0 {
		quotient, remainder = quotient-1, remainder+b
	}
	return quotient, remainder
}

// aware returns a time.Time when that has all that d says, else d.
func (d DateTime) aware() any {
	if d.Zone == nil || d.Fold != 0 || d.Zone.Name != "" || d.Zone.Offset.Microseconds != 0 {
		return d
	}
	return d.In(nil)
}

func (d Date) check() error {
	if d.Year < 1 || d.Year > 9999 || d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > daysIn(d.Year, d.Month) {
		return malformed("a date is out of range")
	}
	return nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func (t Time) check() error {
	inRange := func(n, end int) bool { return n >= 0 && n < end }
	if !inRange(t.Hour, 24) || !inRange(t.Minute, 60) || !inRange(t.Second, 60) ||
		!inRange(t.Microsecond, microsPerSecond) || !inRange(t.Fold, 2) {
		return malformed("a time is out of range")
	}
	return t.Zone.check()
}

func (z *Zone) check() error {
	if z == nil {
		return nil
	}
	o := z.Offset
	if err := o.check(); err != nil {
		return err
	}
	if o.Days < -1 || o.Days > 0 || o == (TimeDelta{Days: -1}) {
		return malformed("a time zone is a day or more off UTC")
	}
	return nil
}

func (d TimeDelta) check() error {
	if t, err := newTimeDelta(int64(d.Days), int64(d.Seconds), int64(d.Microseconds)); err != nil || t != d {
		return malformed("a timedelta is out of range")
	}
	return nil
}
