package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
)

// measureStage measures one stage and answers with the results, cell by cell.
func measureStage(ctx context.Context, _ []string) error {
	var s stage
	if err := readTask(&s); err != nil {
		return err
	}
	m := &measurer{stage: &s, redis: redisserver.Client(s.RedisAddr)}
	defer func() { _ = m.redis.Close() }()
	answers := json.NewEncoder(answersFile())
	for _, cell := range s.Cells {
		results, err := m.cell(ctx, cell)
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		if err := answers.Encode(results); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	if m.opened != nil {
		m.opened.close()
	}
	return nil
}

// measurer is the process of a stage.
type measurer struct {
	stage  *stage
	redis  *redis.Client
	opened *openedSites // those of the cell before, which the next may need too
}

// cell measures one cell. With an error there may still be results of those
// that did not fail.
func (m *measurer) cell(ctx context.Context, cell plannedCell) ([]record.Result, error) {
	if err := m.open(ctx, cell); err != nil {
		return nil, err
	}
	var sites []measure.Site
	for _, site := range m.opened.sites {
		if slices.Contains(cell.Apps, site.App) {
			sites = append(sites, site)
		}
	}
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(cell.Name(cell.Fill)))
	turns := measure.Turns{
		Cell: cell.Cell, Rounds: cell.Rounds, Fewest: fewestRounds, Limit: cell.Limit,
		Results: cell.Results, Sample: m.stage.Sample,
		Random: rand.New(rand.NewPCG(m.stage.Seed, seed.Sum64())),
		Reset:  func() error { return m.redis.FlushDB(ctx).Err() },
	}
	if cell.Fill != "" {
		return m.filled(ctx, cell, sites, turns)
	}
	results, err := turns.Take(sites)
	if err != nil || !cell.Exact {
		return results, err
	}
	if err := m.redis.FlushDB(ctx).Err(); err != nil {
		return results, fmt.Errorf("bench: %w", err)
	}
	return results, m.opened.count(results)
}

// filled measures a cell in which Redis holds many sessions of one application.
func (m *measurer) filled(ctx context.Context, cell plannedCell, sites []measure.Site, turns measure.Turns) ([]record.Result, error) {
	i := slices.IndexFunc(sites, func(s measure.Site) bool { return s.App == cell.Fill })
	if i < 0 {
		return nil, fmt.Errorf("bench: %s: the application is not there", cell.Name(cell.Fill))
	}
	var perSession float64
	turns.Visitors = min(cell.Sessions, 10_000) // more than come in all rounds
	turns.Reset = func() error {
		err := m.redis.FlushDB(ctx).Err()
		if err == nil {
			perSession, err = measure.Fill(ctx, m.stage.RedisAddr, sites[i].Aside[0], cell.Sessions)
		}
		return err
	}
	results, err := turns.Take(sites)
	// The bare handler was there to be compared with only.
	results = slices.DeleteFunc(results, func(r record.Result) bool { return r.App != cell.Fill })
	for _, r := range results {
		r.Values[record.SessionBytes] = perSession
	}
	return results, err
}

// open makes sure that the sites of a cell are open.
func (m *measurer) open(ctx context.Context, cell plannedCell) error {
	cfg := m.config(cell)
	if m.opened != nil {
		if m.opened.config == cfg {
			return nil
		}
		m.opened.close()
		m.opened = nil
	}
	var names []string
	for _, other := range m.stage.Cells {
		if m.config(other) == cfg {
			names = append(names, other.Apps...)
		}
	}
	var err error
	m.opened, err = m.openAll(ctx, cfg, names)
	return err
}
