package measure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/load"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// Site is an application that is measured.
type Site struct {
	App string
	// Callers are as many as there are to be requests at once.
	Callers []apps.Caller
	// Aside makes the requests of which no time is taken, at least one. Its
	// answers have their cookies.
	Aside []apps.Caller
}

// Turns says how the applications take turns in one cell.
type Turns struct {
	Cell record.Cell
	// Rounds is how many there are, if Limit leaves time for them, and Fewest
	// how many there are in any case.
	Rounds, Fewest int
	// Limit is the time after which no round begins. What prepares a sample
	// takes longer on some machines than was planned.
	Limit time.Duration
	// Sample is how long one sample lasts.
	Sample time.Duration
	// Results is how many results there are per application.
	Results int
	// Random decides the order within a round.
	Random *rand.Rand
	// Visitors is how many sessions are visited in turn, if more than one per
	// request at once.
	Visitors int
	// Reset brings Redis into the state that the cell begins with: empty, or
	// with as many sessions as the cell asks for.
	Reset func() error
}

// maxOnce bounds the visitors that are made for one sample of /invalidate.
const maxOnce = 2500

// entrant is a site with what it needs for its next sample.
type entrant struct {
	Site
	turns   *Turns
	cookies []string
	perTurn int // how many visitors a sample of /invalidate uses up
}

// Take lets all sites take turns. One that fails is left out and its error
// returned with the results of the others; without the bare handler there are
// no results.
func (t *Turns) Take(sites []Site) ([]record.Result, error) {
	if err := t.Reset(); err != nil {
		return nil, err
	}
	var entrants []*entrant
	var failed []error
	for _, site := range sites {
		e := &entrant{Site: site, turns: t, perTurn: 20 * len(site.Callers)}
		if err := e.warm(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", t.Cell.Name(site.App), err))
			continue
		}
		entrants = append(entrants, e)
	}
	var rounds []round
	for start := time.Now(); len(rounds) < t.Rounds && (len(rounds) < t.Fewest || time.Since(start) < t.Limit); {
		samples := round{}
		for _, i := range t.Random.Perm(len(entrants)) {
			sample, err := entrants[i].sample(t.Sample)
			if err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", t.Cell.Name(entrants[i].App), err))
				continue
			}
			samples[entrants[i].App] = sample
		}
		// Whoever has failed once takes no further turn and has no result.
		entrants = slices.DeleteFunc(entrants, func(e *entrant) bool {
			_, ok := samples[e.App]
			return !ok
		})
		rounds = append(rounds, samples)
	}
	if !slices.ContainsFunc(entrants, func(e *entrant) bool { return e.App == Bare }) {
		return nil, errors.Join(append(failed, errors.New("measure: there is no bare handler to compare with"))...)
	}

	var results []record.Result
	for _, e := range entrants {
		results = append(results, summarize(t.Cell, e.App, rounds, t.Results)...)
	}
	return results, errors.Join(failed...)
}

func (e *entrant) once() bool { return e.turns.Cell.Route == "invalidate" }

// warm lets connections and pools come into being, and finds out how many
// visitors a sample uses up.
func (e *entrant) warm() error {
	var err error
	if !e.once() {
		if e.cookies, err = load.Visitors(e.Aside, max(len(e.Callers), e.turns.Visitors)); err != nil {
			return err
		}
		_, err = e.sample(e.turns.Sample / 2)
		return err
	}
	for range 2 {
		s, err := e.sample(e.turns.Sample)
		if err != nil {
			return err
		}
		e.perTurn = int(e.turns.Sample.Seconds() / s.Took.Seconds() * float64(s.Requests))
		e.perTurn = max(len(e.Callers), min(e.perTurn, maxOnce))
	}
	return nil
}

// sample prepares and takes one sample.
func (e *entrant) sample(length time.Duration) (load.Sample, error) {
	order := load.Order{
		Route: "/" + e.turns.Cell.Route, Callers: e.Callers, Cookies: e.cookies, For: length,
	}
	var err error
	switch e.turns.Cell.Route {
	case "create":
		order.Cookies = nil
		err = e.turns.Reset() // lest Redis grows from round to round
	case "invalidate":
		if err = e.turns.Reset(); err == nil {
			order.Once = true
			order.Cookies, err = load.Visitors(e.Aside, e.perTurn)
		}
	}
	if err != nil {
		return load.Sample{}, err
	}
	sample, err := load.Run(order)
	if e.turns.Visitors > 0 && len(e.cookies) > 0 {
		// The next sample goes on with visitors who have not come yet: a session that was just
		// read is in the processor's caches, and of many few are.
		n := sample.Requests % len(e.cookies)
		e.cookies = slices.Concat(e.cookies[n:], e.cookies[:n])
	}
	return sample, err
}
