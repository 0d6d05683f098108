package main

import (
	"regexp"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// valueBytes is how long a value is: 10 keys are a session of about 1 KB.
const valueBytes = 100

// Bounds of the number of rounds. Below the first a median says little; above
// the second it hardly changes any more.
const (
	fewestRounds = 3
	mostRounds   = 600
)

// recordedResults is how many results a cell has per application that is compared with
// earlier runs. benchstat wants six to give an interval.
const recordedResults = 6

// plan is what a run measures.
type plan struct {
	stages []*stage
}

// every are the routes in the order of the tables.
var every = []string{"unused", "read", "write", "create", "invalidate"}

// asked are cells of one stage: each route with each number of keys.
type asked struct {
	server  string
	via     string
	atOnce  int
	sliding bool
	keys    []int
	routes  []string
}

// comparison is what the tables show, and what a run of all of it measures. The first are
// those of the headline. Ending sessions takes the most time, since they must all be made
// first, so it is left out where many large ones would end at once.
var comparison = []asked{
	{via: record.ViaHTTP, atOnce: 1, keys: []int{10, 100}, routes: every},
	{via: record.ViaHTTP, atOnce: 1, sliding: true, keys: []int{10, 100}, routes: []string{"read", "write"}},
	{via: record.ViaHTTP, atOnce: 1, server: record.Valkey, keys: []int{10, 100}, routes: every[1:]},
	{via: record.ViaHTTP, atOnce: 64, keys: []int{10, 100}, routes: []string{"read", "write"}},
	{via: record.ViaHTTP, atOnce: 256, keys: []int{10, 100}, routes: []string{"read", "write", "create"}},
	{via: record.ViaHTTP, atOnce: 256, keys: []int{10}, routes: []string{"invalidate"}},
	{via: record.ViaCall, atOnce: 1, keys: []int{10, 100}, routes: every},
	{via: record.ViaCall, atOnce: 1, sliding: true, keys: []int{10, 100}, routes: []string{"unused", "read", "write"}},
	{via: record.ViaCall, atOnce: 16, keys: []int{10, 100}, routes: []string{"read", "write"}},
	{via: record.ViaCall, atOnce: 256, keys: []int{10, 100}, routes: []string{"read", "write", "create"}},
	{via: record.ViaCall, atOnce: 256, keys: []int{10}, routes: []string{"invalidate"}},
	{via: record.ViaCall, atOnce: 256, sliding: true, keys: []int{10, 100}, routes: []string{"read"}},
}

// planCompare plans the comparison of all applications. Without a server of Valkey the cells
// of one are left out.
func planCompare(w wanted, valkey bool) *plan {
	p := &plan{}
	for _, a := range comparison {
		if a.server == record.Valkey && !valkey {
			continue
		}
		s := p.stage(a, w)
		for _, keys := range a.keys {
			for _, route := range a.routes {
				cell := record.Cell{Route: route, Via: a.via, Server: a.server, Keys: keys, ValueBytes: valueBytes, AtOnce: a.atOnce, Sliding: a.sliding}
				if !w.quick || isQuick(cell) {
					s.add(cell, w.run)
				}
			}
		}
	}
	p.stages = slices.DeleteFunc(p.stages, func(s *stage) bool { return len(s.Cells) == 0 })
	p.share(w.time)
	return p
}

// stage returns the stage that has what is asked, which may have other cells already.
func (p *plan) stage(a asked, w wanted) *stage {
	for _, s := range p.stages {
		if s.Server == a.server && s.Via == a.via && s.AtOnce == a.atOnce {
			return s
		}
	}
	s := &stage{Server: a.server, Via: a.via, AtOnce: a.atOnce, Seed: w.seed, Sample: sampleLength(a.atOnce, w.quick)}
	p.stages = append(p.stages, s)
	return s
}

// isQuick is whether a run of a minute measures the cell: those of the goals with 10 keys, and
// as many in process.
func isQuick(c record.Cell) bool {
	return c.Keys == 10 && c.AtOnce <= 64 && !c.Sliding && c.Route != "invalidate" && (c.AtOnce == 1 || c.Via == record.ViaHTTP)
}

// sampleLength is how long a sample lasts: long enough for some hundred
// requests, and for every caller to come several times.
func sampleLength(atOnce int, quick bool) time.Duration {
	length := 25 * time.Millisecond
	if atOnce > 16 {
		length = 50 * time.Millisecond
	}
	if quick {
		length /= 2
	}
	return length
}

// add adds a cell with the applications that are asked for, if there are any.
func (s *stage) add(cell record.Cell, run *regexp.Regexp) {
	var names []string
	for _, app := range apps.All() {
		if cell.Server != "" && app.Name != "redissessions" {
			continue // only its saves differ with the server
		}
		if app.Name != measure.Bare && run.MatchString(cell.Name(app.Name)) && (app.CanSlide || !cell.Sliding) {
			names = append(names, app.Name)
		}
	}
	if len(names) == 0 && !run.MatchString(cell.Name(measure.Bare)) {
		return
	}
	s.Cells = append(s.Cells, plannedCell{
		Cell: cell, Apps: append([]string{measure.Bare}, names...), Results: 1,
		Exact: cell.Via == record.ViaCall && cell.AtOnce == 1,
	})
}

func (p *plan) add(s *stage) {
	if len(s.Cells) > 0 {
		p.stages = append(p.stages, s)
	}
}

// share gives each cell as many rounds as there is time for.
func (p *plan) share(budget time.Duration) {
	var perShare time.Duration // all cells with as many rounds as their weight
	for _, s := range p.stages {
		for _, c := range s.Cells {
			perShare += time.Duration(c.weight()) * s.roundLength(c)
		}
	}
	for _, s := range p.stages {
		for i := range s.Cells {
			c := &s.Cells[i]
			rounds := int(float64(budget) / float64(perShare) * float64(c.weight()))
			c.Rounds = min(max(rounds, fewestRounds), mostRounds)
			c.Limit = time.Duration(c.Rounds) * s.roundLength(*c) * 5 / 4
			if c.weight() > 1 {
				c.Results = min(recordedResults, c.Rounds)
			}
		}
	}
}

// weight is how many rounds a cell has for one of the others: most where there are goals, which
// are over HTTP and without sliding.
func (c plannedCell) weight() int {
	switch {
	case c.Fill != "" || c.Sliding || c.Route == "invalidate":
		return 1
	case c.Via == record.ViaHTTP && (c.AtOnce == 1 || c.Keys == 10 && c.Route != "create"):
		return 4
	case c.AtOnce == 1:
		return 2
	}
	return 1
}

// roundLength is how long a round of a cell takes, with what prepares its
// samples.
func (s *stage) roundLength(c plannedCell) time.Duration {
	length := time.Duration(len(c.Apps)) * s.Sample
	if c.Route == "invalidate" {
		// The sessions must be made first. That takes longer than to end them,
		// and more so the larger they are.
		length *= 3
		if c.Keys > 10 {
			length *= 2
		}
	}
	return length
}

// length is about how long the plan takes, without opening the applications.
func (p *plan) length() time.Duration {
	var sum time.Duration
	for _, s := range p.stages {
		for _, c := range s.Cells {
			sum += time.Duration(c.Rounds) * s.roundLength(c)
		}
	}
	return sum
}

// find returns the first application whose name begins with one of the
// prefixes, in their order.
func find(prefixes ...string) []string {
	var names []string
	all := apps.All()
	for _, prefix := range prefixes {
		i := slices.IndexFunc(all, func(a apps.App) bool { return len(a.Name) >= len(prefix) && a.Name[:len(prefix)] == prefix })
		if i >= 0 {
			names = append(names, all[i].Name)
		}
	}
	return names
}
