package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// TestCluster measures a little on one Redis and a Cluster, and has a figure of everything.
func TestCluster(t *testing.T) {
	needsRedis(t)
	c := &measure.Cluster{Keys: []int{10, 20}, ValueBytes: 20, AtOnce: 8, Visitors: 50, Rounds: 1, Sample: 20 * time.Millisecond, Users: 1000, Each: 3}
	run, err := carryOutCluster(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]record.Result{}
	for _, r := range run.Results {
		values[r.Name(r.App)] = r
		if ns := r.Values[record.ServerNs]; ns != 0 && (ns < 500 || ns > 5e6) {
			t.Errorf("%s: %v ns of the servers", r.Name(r.App), ns)
		}
		if busy := r.Values[record.Busy]; busy < 0 || busy > 1.1 {
			t.Errorf("%s: the busiest server used %v of a core", r.Name(r.App), busy)
		}
		if trips, ok := r.Values[record.Trips]; ok {
			want, cluster := map[string]float64{"read": 1, "write": 2, "create": 1, "invalidate": 1, "login": 1, "ticket": 1, "sessions": 2, "endall": 3}[r.Route], 0.0
			if r.Nodes > 1 {
				// The entry of a login is on another node than the record; so may be the records of a
				// user, which are asked for at the same time and counted one by one.
				cluster = map[string]float64{"login": 1, "sessions": 2, "endall": 4}[r.Route]
			}
			if trips < want || trips > want+cluster || r.Route == "login" && trips != want+cluster {
				t.Errorf("%s: %v round trips, want %v to %v", r.Name(r.App), trips, want, want+cluster)
			}
		}
		if r.Route == measure.RouteMemory {
			if bytes := r.Values[record.SessionBytes]; bytes < 10*20 || bytes > 1500 {
				t.Errorf("%s: %v bytes of a session", r.Name(r.App), bytes)
			}
			if bytes := r.Values[record.IndexBytes]; bytes < 3*40 || bytes > 1500 {
				t.Errorf("%s: %v bytes of an index", r.Name(r.App), bytes)
			}
			least, most := r.Values[record.Least], r.Values[record.Most]
			if r.Nodes == 1 && (least != 1 || most != 1) || r.Nodes == nodes && (least < 0.2 || least > 1.0/nodes || most < 1.0/nodes || most > 0.5) {
				t.Errorf("%s: the nodes have %v to %v of the keys", r.Name(r.App), least, most)
			}
		}
	}
	want := 2*(2*2*len(measure.ClusterRoutes)) + 2*2 + 2*len(measure.TripRoutes)
	if len(values) != want || len(run.Results) != want {
		t.Errorf("%d results, %d of different names, want %d", len(run.Results), len(values), want)
	}
	for _, s := range report.ClusterSections(run) {
		// One Redis has no shares of keys.
		gaps := map[string]int{"cluster-cost": 1 + 2, "cluster-memory": 1}[s.Name]
		if got := strings.Count(s.Text, "–"); got != gaps || s.Text == "" {
			t.Errorf("%s has %d gaps, want %d:\n%s", s.Name, got, gaps, s.Text)
		}
	}
	if text := report.ExampleSection(run).Text; !strings.Contains(text, "memory") || strings.Contains(text, "NaN") {
		t.Errorf("the example is\n%s", text)
	}
}
