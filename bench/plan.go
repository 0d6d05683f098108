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

// moreOften is how many rounds a cell that matters has for one of another.
const moreOften = 3

// Bounds of the number of rounds. Below the first a median says little; above
// the second it hardly changes any more.
const (
	fewestRounds = 3
	mostRounds   = 60
)

// recordedResults is how many results a cell that matters has per application.
// benchstat wants six to give an interval.
const recordedResults = 6

// plan is what a run measures.
type plan struct {
	stages []*stage
}

// planCompare plans the comparison of all applications.
func planCompare(w wanted) *plan {
	p := &plan{}
	for _, via := range []string{record.ViaCall, record.ViaHTTP} {
		for _, atOnce := range []int{1, 16, 256} {
			s := &stage{Via: via, AtOnce: atOnce, Seed: w.seed, Sample: sampleLength(atOnce, w.quick)}
			for _, sliding := range []bool{false, true} {
				for _, keys := range []int{10, 100} {
					for _, route := range routes(sliding, atOnce > 1 && keys > 10) {
						cell := record.Cell{Route: route, Via: via, Keys: keys, ValueBytes: valueBytes, AtOnce: atOnce, Sliding: sliding}
						if w.quick && !isQuick(cell) {
							continue
						}
						s.add(cell, w.run)
					}
				}
			}
			p.add(s)
		}
	}
	p.share(w.time)
	return p
}

// routes are those to measure. With sliding expiry the last two do what they do
// without it. The last takes most of the time, since all its sessions must be
// made first, and gets no other when many large ones end at once.
func routes(sliding, manyLarge bool) []string {
	all := []string{"unused", "read", "write", "create", "invalidate"}
	switch {
	case sliding:
		return all[:3]
	case manyLarge:
		return all[:4]
	}
	return all
}

// isQuick is whether a run of a minute measures the cell.
func isQuick(c record.Cell) bool {
	switch {
	case c.AtOnce == 1 && c.Via == record.ViaCall:
		return !c.Sliding || c.Keys == 10
	case c.AtOnce == 1:
		return !c.Sliding && c.Keys == 10
	default:
		return c.AtOnce == 256 && c.Via == record.ViaCall && c.Keys == 10 && !c.Sliding && (c.Route == "read" || c.Route == "write")
	}
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

// matters is whether a cell gets more rounds than others. Those do of which
// docs/design.md says how fast they are to be, and their like over HTTP.
func (c plannedCell) matters() bool {
	switch {
	case c.Fill != "":
		return false
	case c.AtOnce == 1:
		return !c.Sliding || c.Route == "read"
	default:
		return c.AtOnce == 256 && c.Via == record.ViaCall && !c.Sliding && (c.Route == "read" || c.Route == "write")
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
			if c.matters() {
				c.Results = min(recordedResults, c.Rounds)
			}
		}
	}
}

func (c plannedCell) weight() int {
	if c.matters() {
		return moreOften
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
