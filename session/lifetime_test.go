package session

import (
	"testing"
	"time"
)

func TestLifetime(t *testing.T) {
	const m = time.Minute
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		age, idle, absolute time.Duration
		ttl                 time.Duration
		alive               bool
	}{
		{0, 20 * m, 0, 20 * m, true},
		{1000 * m, 20 * m, 0, 20 * m, true},
		{1000 * m, 0, 0, 0, true},
		{0, 20 * m, 60 * m, 20 * m, true},
		{40 * m, 20 * m, 60 * m, 20 * m, true},
		{41 * m, 20 * m, 60 * m, 19 * m, true},
		{0, 0, 60 * m, 60 * m, true},
		{59 * m, 0, 60 * m, m, true},
		{0, 90 * m, 60 * m, 60 * m, true},
		{60*m - 1, 20 * m, 60 * m, 1, true},
		{60 * m, 20 * m, 60 * m, 0, false},
		{61 * m, 20 * m, 60 * m, 0, false},
		{-m, 20 * m, 60 * m, 20 * m, true}, // a clock that was set back
	}
	for _, test := range tests {
		ttl, alive := lifetime(created.Add(test.age), created, test.idle, test.absolute)
		if ttl != test.ttl || alive != test.alive {
			t.Errorf("at age %v, idle %v, absolute %v: %v, %v; want %v, %v",
				test.age, test.idle, test.absolute, ttl, alive, test.ttl, test.alive)
		}
		if alive && ttl <= 0 && (test.idle > 0 || test.absolute > 0) {
			t.Errorf("at age %v: %v, which would make the record immortal", test.age, ttl)
		}
	}
}

func TestRestartDue(t *testing.T) {
	const s = time.Second
	tests := []struct {
		left, full, after time.Duration
		due               bool
	}{
		{1200 * s, 1200 * s, 60 * s, false},
		{1141 * s, 1200 * s, 60 * s, false},
		{1140 * s, 1200 * s, 60 * s, true},
		{1 * s, 1200 * s, 60 * s, true},
		{1200*s + s/2, 1200 * s, 60 * s, false}, // two clocks
		{1300 * s, 1200 * s, 60 * s, true},      // the absolute timeout is near, or the timeout got shorter
		{0, 1200 * s, 60 * s, true},             // it never expires, and should
		{1200 * s, 0, 60 * s, true},             // it expires, and should not
		{0, 0, 60 * s, false},
		{21 * s, 40 * s, 60 * s, false}, // a timeout shorter than the trigger
		{20 * s, 40 * s, 60 * s, true},
		{30 * s, 60 * s, 60 * s, true},
	}
	for _, test := range tests {
		if due := restartDue(test.left, test.full, test.after); due != test.due {
			t.Errorf("%v left of %v, after %v: %v", test.left, test.full, test.after, due)
		}
	}
}

func TestExpiryDue(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const full = 20 * time.Minute
	tests := []struct {
		expires time.Time
		full    time.Duration
		after   time.Duration
		due     bool
	}{
		{now.Add(full), full, 0, false},
		{now.Add(full - time.Second), full, 0, true},
		{now.Add(full - time.Second), full, time.Minute, false},
		{now.Add(full - time.Minute), full, time.Minute, true},
		{time.Time{}, full, time.Minute, true},
		{now.Add(full), 0, time.Minute, true},
		{time.Time{}, 0, time.Minute, false},
	}
	for _, test := range tests {
		if due := expiryDue(now, test.expires, test.full, test.after); due != test.due {
			t.Errorf("expires at %v, full %v, after %v: %v", test.expires, test.full, test.after, due)
		}
	}
}
