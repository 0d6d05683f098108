package settings

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// number is what Python's int and float take, without a sign and without exponents:
// 1200, 1_200, 0.5.
var number = regexp.MustCompile(`^[0-9]+(_[0-9]+)*(\.[0-9]+)?$`)

const (
	// Redis counts times to live in milliseconds; anything shorter would be none at all.
	shortest = time.Millisecond
	// A time that is added to now must stay where nanoseconds still fit, before 2262.
	longestTime = 100 * 365 * 24 * time.Hour
	// The connectors double a wait and add others to it, which must not overflow.
	longestWait = 24 * time.Hour
)

// length reads a time up to most: a bare number is seconds, else a Go duration, also with days and weeks.
func length(want string, least, most time.Duration) reader {
	return reader{want: want, read: func(raw any) (any, error) {
		d, err := readDuration(raw)
		switch {
		case err != nil:
			return nil, err
		case d < 0:
			return nil, errors.New("must not be negative")
		case d == 0 && least > 0:
			return nil, errors.New("must be more than 0")
		case d > 0 && d < shortest:
			return nil, errTooShort
		case d > most:
			return nil, fmt.Errorf("is too long: the most is %d hours", most/time.Hour)
		}
		return d, nil
	}}
}

var (
	// pause may be zero.
	pause = shortly("a time", length("seconds (1200) or a duration (20m)", 0, longestTime))
	// lasting is a pause that takes time.
	lasting = shortly("a time, more than 0", length("seconds (600) or a duration (10m), more than 0", shortest, longestTime))
	// wait is how long something may take; zero would mean no time at all to some clients, and no bound to others.
	wait = shortly("a time, more than 0", length("seconds (0.5) or a duration (500ms), more than 0", shortest, longestWait))
)

func shortly(short string, k reader) reader {
	k.short = short
	return k
}

// orNever reads None as zero.
func orNever(k reader) reader {
	return reader{want: k.want + ", 0 or None for never", short: "a time, 0 or None for never", read: func(raw any) (any, error) {
		if text, ok := textOf(raw); ok && strings.TrimSpace(text) == "None" {
			return time.Duration(0), nil
		}
		return k.read(raw)
	}}
}

func readDuration(raw any) (time.Duration, error) {
	if d, ok := raw.(time.Duration); ok {
		return d, nil
	}
	value := reflect.ValueOf(raw)
	switch {
	case value.CanInt():
		return wholeSeconds(value.Int())
	case value.CanUint():
		return wholeSeconds(int64(min(value.Uint(), math.MaxInt64)))
	case value.CanFloat():
		return seconds(value.Float())
	}
	text, ok := textOf(raw)
	if !ok {
		return 0, errShape
	}
	text = strings.TrimSpace(text)
	negative := strings.HasPrefix(text, "-")
	if bare := strings.TrimPrefix(text, "-"); number.MatchString(bare) {
		if negative {
			return 0, errors.New("must not be negative")
		}
		if whole, err := strconv.ParseInt(strings.ReplaceAll(bare, "_", ""), 10, 64); err == nil {
			return wholeSeconds(whole)
		}
		// The pattern lets only digits through, so that an error here is one of range,
		// and the value then is an infinity.
		f, _ := strconv.ParseFloat(strings.ReplaceAll(bare, "_", ""), 64)
		return seconds(f)
	}
	d, err := parseDuration(text)
	if err != nil {
		return 0, err
	}
	if d == 0 && strings.ContainsAny(text, "123456789") {
		return 0, errTooShort
	}
	return d, nil
}

// days matches the days and weeks in front of a Go duration, which has no unit that long:
// 7d, 2w, 1w2d, 1d12h.
var days = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([dw])`)

func parseDuration(text string) (time.Duration, error) {
	var sum float64
	rest := text
	for {
		parts := days.FindStringSubmatch(rest)
		if parts == nil {
			break
		}
		n, _ := strconv.ParseFloat(parts[1], 64) // out of range is an infinity
		hours := map[string]float64{"d": 24, "w": 7 * 24}[parts[2]]
		sum += n * hours * float64(time.Hour)
		rest = rest[len(parts[0]):]
	}
	if rest == text {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, errShape
		}
		return d, nil
	}
	var more time.Duration
	if rest != "" {
		var err error
		if more, err = time.ParseDuration(rest); err != nil || more < 0 || strings.HasPrefix(rest, "+") {
			return 0, errShape
		}
	}
	if sum+float64(more) >= math.MaxInt64 {
		return 0, errTooLong
	}
	return time.Duration(math.Round(sum)) + more, nil
}

var (
	errTooShort = fmt.Errorf("must be %v or more", shortest)
	errTooLong  = errors.New("is too long: the most is 100 years")
)

func wholeSeconds(n int64) (time.Duration, error) {
	const most = int64(math.MaxInt64 / time.Second)
	if n > most || n < -most {
		return 0, errTooLong
	}
	return time.Duration(n) * time.Second, nil
}

func seconds(f float64) (time.Duration, error) {
	ns := f * float64(time.Second)
	switch {
	case math.IsNaN(f):
		return 0, errors.New("is not a number")
	case math.Abs(ns) >= math.MaxInt64:
		return 0, errTooLong
	case f > 0 && ns < float64(shortest):
		return 0, errTooShort
	}
	return time.Duration(math.Round(ns)), nil
}

// count reads a whole number from least to most.
func count(least, most int64) reader {
	want := fmt.Sprintf("a whole number from %d to %d", least, most)
	if most == math.MaxInt32 {
		want = fmt.Sprintf("a whole number, %d or more", least)
	}
	return reader{want: want, read: func(raw any) (any, error) {
		n, err := readWhole(raw)
		if err != nil {
			return nil, err
		}
		if n < least || n > most {
			return nil, errShape
		}
		return int(n), nil
	}}
}

func readWhole(raw any) (int64, error) {
	if _, ok := raw.(time.Duration); ok {
		return 0, errShape
	}
	value := reflect.ValueOf(raw)
	switch {
	case value.CanInt():
		return value.Int(), nil
	case value.CanUint():
		return int64(min(value.Uint(), math.MaxInt64)), nil
	case value.CanFloat(): // JSON has no other numbers
		f := value.Float()
		if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, errShape
		}
		return int64(f), nil
	}
	text, ok := textOf(raw)
	if !ok {
		return 0, errShape
	}
	text = strings.TrimSpace(text)
	bare, negative := strings.CutPrefix(text, "-")
	if !number.MatchString(bare) || strings.Contains(bare, ".") {
		return 0, errShape
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(bare, "_", ""), 10, 64)
	if err != nil {
		n = math.MaxInt64 // out of range of everything that is counted here
	}
	if negative {
		n = -n
	}
	return n, nil
}

// retries reads a count in which 0 means none at all. The client's fields keep 0 for
// "the default" and -1 for none.
func retries(most int64) reader {
	k := count(0, most)
	return reader{want: k.want, read: func(raw any) (any, error) {
		n, err := k.read(raw)
		if n == 0 {
			return -1, err
		}
		return n, err
	}}
}

var sized = regexp.MustCompile(`^([0-9]+(?:_[0-9]+)*)\s*([a-zA-Z]*)$`)

var units = map[string]int64{
	"": 1, "b": 1,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
	"kb": 1e3, "mb": 1e6, "gb": 1e9,
}

// size reads a number of bytes, with or without a unit, from 1 to most.
func size(most int64) reader {
	bounded := count(1, most)
	return reader{
		want: "a number of bytes (1048576, 512 KiB, 1 MiB)",
		read: func(raw any) (any, error) {
			text, ok := textOf(raw)
			if !ok {
				return bounded.read(raw)
			}
			text = strings.TrimSpace(text)
			if strings.HasPrefix(text, "-") && sized.MatchString(text[1:]) {
				return nil, errors.New("must be more than 0")
			}
			parts := sized.FindStringSubmatch(text)
			if parts == nil {
				return nil, errShape
			}
			unit, ok := units[strings.ToLower(parts[2])]
			if !ok {
				return nil, errShape
			}
			n, err := strconv.ParseInt(strings.ReplaceAll(parts[1], "_", ""), 10, 64)
			if err != nil || n > most/unit {
				return nil, fmt.Errorf("must not be more than %d bytes", most)
			}
			return bounded.read(n * unit)
		},
	}
}
