package settings

import (
	"strings"
	"testing"
	"time"
)

// TestValidSince reads times in the ways that sources give them, and refuses what is none.
func TestValidSince(t *testing.T) {
	want := time.Date(2025, 11, 26, 10, 0, 0, 0, time.UTC)
	for _, raw := range []any{"2025-11-26T10:00:00Z", " 2025-11-26T11:00:00+01:00 ", want, want.In(time.FixedZone("", 3600)), "2025-11-26T10:00:00.000Z"} {
		o, err := Parse(Map{"redis.sessions.secret": longSecret, "redis.sessions.valid_since": raw})
		if err != nil || !o.ValidSince.Equal(want) || len(o.Warnings) != 0 {
			t.Errorf("%v: %v, %v", raw, o, err)
		}
	}
	for _, raw := range []any{"2025-11-26", "2025-11-26T10:00:00", "yesterday", "1764151200", 1764151200, true, "1969-12-31T23:59:59Z", "2025-13-26T10:00:00Z", []string{"2025-11-26T10:00:00Z"}} {
		_, err := Parse(Map{"redis.sessions.secret": longSecret, "redis.sessions.valid_since": raw})
		if err == nil || !strings.Contains(err.Error(), "redis.sessions.valid_since: ") {
			t.Errorf("%v: %v", raw, err)
		}
	}
	for _, raw := range []any{"", "None", nil} {
		o, err := Parse(Map{"redis.sessions.secret": longSecret, "redis.sessions.valid_since": raw})
		if err != nil || !o.ValidSince.IsZero() {
			t.Errorf("%v: %v, %v", raw, o, err)
		}
	}
	o, err := Parse(Map{"redis.sessions.secret": longSecret, "redis.sessions.valid_since": time.Now().Add(time.Hour)})
	if err != nil || len(o.Warnings) != 1 || !strings.Contains(o.Warnings[0], "redis.sessions.valid_since: ") || !strings.Contains(o.Warnings[0], "future") {
		t.Errorf("a time in the future: %v, %v", o, err)
	}
}
