package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

func TestPlanFitsItsTime(t *testing.T) {
	for name, test := range map[string]struct {
		plan *plan
		time time.Duration
	}{
		"full":         {planCompare(wanted{run: regexp.MustCompile(""), time: 8 * time.Minute}, true), 8 * time.Minute},
		"quick":        {planCompare(wanted{run: regexp.MustCompile(""), time: 45 * time.Second, quick: true}, true), 45 * time.Second},
		"growth":       {planGrowth(wanted{run: regexp.MustCompile(""), time: time.Minute}), time.Minute},
		"quick growth": {planGrowth(wanted{run: regexp.MustCompile(""), time: 10 * time.Second, quick: true}), 10 * time.Second},
	} {
		if got := test.plan.length(); got > test.time {
			t.Errorf("%s takes %v, want %v at most", name, got, test.time)
		}
		for _, s := range test.plan.stages {
			for _, c := range s.Cells {
				if c.Rounds < fewestRounds || c.Rounds > mostRounds || c.Results < 1 || c.Results > c.Rounds {
					t.Errorf("%s: %s has %d rounds for %d results", name, c.Name(""), c.Rounds, c.Results)
				}
				if c.Apps[0] != measure.Bare {
					t.Errorf("%s: %s has no bare handler", name, c.Name(""))
				}
			}
		}
	}
}

func TestPlanCoversTheComparison(t *testing.T) {
	var names []string
	for _, s := range planCompare(wanted{run: regexp.MustCompile("")}, true).stages {
		for _, c := range s.Cells {
			for _, app := range c.Apps {
				names = append(names, c.Name(app))
			}
		}
	}
	for _, want := range []string{
		"Invalidate/via=http/keys=10/value=100/at-once=256/sliding=no/app=fiber",
		"Read/via=call/keys=10/value=100/at-once=1/sliding=yes/app=scs+redisstore",
		"Create/via=call/keys=10/value=100/at-once=256/sliding=no/app=gin-contrib~sessions",
		"Write/via=http/keys=100/value=100/at-once=1/sliding=no/server=valkey/app=redissessions",
		"Read/via=http/keys=10/value=100/at-once=64/sliding=no/app=redissessions+auto_pipeline=auto",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not measured", want)
		}
	}
	for _, name := range names {
		if strings.Contains(name, "sliding=yes") && strings.Contains(name, "app=gin") {
			t.Errorf("%s is measured, and cannot slide", name)
		}
	}
}

// TestPlanIsWhatIsShown: every cell that is measured changes a table, and every goal is measured.
func TestPlanIsWhatIsShown(t *testing.T) {
	var all []record.Result
	for _, s := range planCompare(wanted{run: regexp.MustCompile("")}, true).stages {
		for _, c := range s.Cells {
			for _, app := range c.Apps {
				values := map[string]float64{record.Ratio: 1, record.NsPerOp: 1, record.ExtraNs: 1, record.P50: 1, record.P99: 1}
				all = append(all, record.Result{Cell: c.Cell, App: app, Requests: 1, Values: values})
			}
		}
	}
	shown := func(results []record.Result) string { return report.Comparison(&record.Run{Results: results}) }
	whole := shown(all)
	if strings.Contains(whole, "Not measured") {
		t.Errorf("a goal is not measured:\n%s", whole)
	}
	for _, r := range all {
		if r.App != "redissessions" {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(all), func(other record.Result) bool { return other.Cell == r.Cell })
		if shown(others) == whole {
			t.Errorf("%s is measured, and no table shows it", r.Name(r.App))
		}
	}
}

func TestNoValkey(t *testing.T) {
	for _, s := range planCompare(wanted{run: regexp.MustCompile("")}, false).stages {
		if s.Server == record.Valkey {
			t.Errorf("%+v is planned, and there is no such server", s)
		}
	}
}

func TestRunChooses(t *testing.T) {
	p := planCompare(wanted{run: regexp.MustCompile("^Read/via=call/keys=10/.*at-once=1/sliding=no/app=fiber$")}, true)
	if len(p.stages) != 1 || len(p.stages[0].Cells) != 1 || !slices.Equal(p.stages[0].Cells[0].Apps, []string{measure.Bare, "fiber"}) {
		t.Errorf("%+v, want fiber and the bare handler in one cell", p.stages)
	}
}

func TestPlaces(t *testing.T) {
	for _, test := range []struct {
		cores  []int
		via    string
		atOnce int
		want   places
	}{
		{[]int{2, 3}, record.ViaCall, 1, places{redis: 2, measurer: 2, server: 2}},
		{[]int{2, 3}, record.ViaHTTP, 1, places{redis: 2, measurer: 2, server: 2}},
		{[]int{2, 3}, record.ViaCall, 16, places{redis: 3, measurer: 2, server: 2}},
		{[]int{2, 3}, record.ViaHTTP, 256, places{redis: 3, measurer: 3, server: 2}},
		{[]int{5}, record.ViaHTTP, 256, places{redis: 5, measurer: 5, server: 5}},
		{nil, record.ViaHTTP, 256, places{redis: pin.Anywhere, measurer: pin.Anywhere, server: pin.Anywhere}},
	} {
		if got := placesOf(test.cores, test.via, test.atOnce); got != test.want {
			t.Errorf("%v, %s, %d at once: %+v, want %+v", test.cores, test.via, test.atOnce, got, test.want)
		}
	}
}
