package cli

import (
	"testing"
	"time"
)

func TestClockApart(t *testing.T) {
	before := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	after := before.Add(time.Second)
	for at, want := range map[time.Time]time.Duration{
		before.Add(-time.Minute): time.Minute, before: 0, before.Add(time.Second / 2): 0, after.Add(time.Hour): time.Hour,
	} {
		if got := clockApart(before, at, after); got != want {
			t.Errorf("at %v: %v, want %v", at, got, want)
		}
	}
}

func TestOlder(t *testing.T) {
	for version, want := range map[string]bool{"6.2.0": false, "6.0.16": true, "5.0.14": true, "7.0.15": false, "10.1.0": false, "unstable": false} {
		if older(version, 6, 2) != want {
			t.Errorf("%s: %v", version, !want)
		}
	}
}
