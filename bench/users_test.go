package main

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// TestUsers measures few users, and has a figure of everything.
func TestUsers(t *testing.T) {
	needsRedis(t)
	u := &measure.Users{Users: 200, Each: 3, Keys: smallSession, ValueBytes: valueBytes, Devices: []int{1, 4}, Samples: 3}
	run, err := carryOutUsers(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	want := 1 + len(u.Devices)*len(measure.UserRoutes)
	if len(run.Results) != want {
		t.Errorf("%d results, want %d", len(run.Results), want)
	}
	for _, r := range run.Results {
		units := []string{record.NsPerOp, record.P99}
		switch r.Route {
		case measure.RouteMemory:
			units = []string{record.SessionBytes, record.SessionUsage, record.IndexBytes, record.IndexUsage}
		case measure.RouteSessions:
			units = append(units, record.Trips, record.IndexUsage)
		case measure.RouteLogin, measure.RouteTicket, measure.RouteEndAll:
			units = append(units, record.Trips)
		}
		for _, unit := range units {
			if r.Values[unit] <= 0 {
				t.Errorf("%s: %v %s", r.Name(r.App), r.Values[unit], unit)
			}
		}
		// Three members of 40 bytes, and one: their lengths, scores and the key are more.
		if bytes := r.Values[record.IndexUsage]; r.Route == measure.RouteMemory && (bytes < 3*40 || bytes > 1000) {
			t.Errorf("an index of three sessions takes %v B", bytes)
		}
	}
	if text := report.Users(run); strings.Contains(text, "–") || strings.Contains(text, "Not recorded") {
		t.Errorf("the tables have gaps:\n%s", text)
	}
}
