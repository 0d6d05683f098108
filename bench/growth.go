package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// growth measures how cost grows with keys, bytes, sessions and requests that change one
// session at once.
func growth(ctx context.Context, args []string) error {
	w, path, err := parseFlags("bench growth", args, time.Minute, 10*time.Second)
	if err != nil {
		return err
	}
	run, err := planGrowth(w).carryOut(ctx, w.seed)
	if err != nil {
		return err
	}
	if err := carryOutWriters(ctx, planWriters(w), run); err != nil {
		return err
	}
	fmt.Print(report.Growth(run))
	return keep(run, path)
}

// smallSession is what a session holds of which there are many.
const smallSession = 3

// planGrowth plans the growth of one application of each library: in process,
// one request at a time.
func planGrowth(w wanted) *plan {
	names := find("redissessions", "scs", "gorilla")
	s := &stage{Via: record.ViaCall, AtOnce: 1, Seed: w.seed, Sample: sampleLength(1, w.quick)}
	add := func(cell record.Cell, fill string) {
		cell.Via, cell.AtOnce = record.ViaCall, 1
		if !w.run.MatchString(cell.Name(fill)) {
			return
		}
		planned := plannedCell{Cell: cell, Apps: append([]string{measure.Bare}, names...), Results: 1, Fill: fill}
		if fill != "" {
			planned.Apps = []string{measure.Bare, fill}
		}
		s.Cells = append(s.Cells, planned)
	}

	for _, keys := range []int{1, 10, 100, 1000} {
		if w.quick && keys > 100 {
			continue // to check every key takes a while
		}
		for _, route := range []string{"read", "write"} {
			add(record.Cell{Route: route, Keys: keys, ValueBytes: valueBytes}, "")
		}
	}
	for _, bytes := range []int{1_000, 10_000, 100_000} { // 100 of them are above
		if w.quick && bytes > 10_000 {
			continue
		}
		for _, route := range []string{"read", "write"} {
			add(record.Cell{Route: route, Keys: 10, ValueBytes: bytes}, "")
		}
	}
	for _, name := range names {
		for _, sessions := range []int{1_000, 10_000, 100_000, 1_000_000} {
			if w.quick && sessions > 100_000 {
				continue
			}
			add(record.Cell{Route: "read", Keys: smallSession, ValueBytes: valueBytes, Sessions: sessions}, name)
		}
	}
	p := &plan{}
	p.add(s)
	p.share(w.time)
	return p
}

// planWriters plans requests that change one session at once: each a key of its own, or all
// of them one counter.
func planWriters(w wanted) *measure.Writers {
	plan := &measure.Writers{Seed: w.seed}
	for _, route := range []string{measure.RouteOwn, measure.RouteCount} {
		for _, atOnce := range []int{1, 4, 16, 64, 256} {
			// Some hundred requests of each, and enough bursts for a median.
			cell := measure.WriterCell{
				Cell:   record.Cell{Route: route, Via: record.ViaCall, Keys: 10, ValueBytes: valueBytes, AtOnce: atOnce},
				Bursts: max(9, 500/atOnce),
			}
			if w.quick {
				cell.Bursts = 3
			}
			for _, app := range apps.AllContended() {
				if w.run.MatchString(cell.Name(app.Name)) {
					cell.Apps = append(cell.Apps, app.Name)
				}
			}
			if len(cell.Apps) > 0 {
				plan.Cells = append(plan.Cells, cell)
			}
		}
	}
	return plan
}

// carryOutWriters measures in a process of its own on one core, with Redis on the other,
// also where there is one request: what is compared here is one number of requests with
// another.
func carryOutWriters(ctx context.Context, w *measure.Writers, run *record.Run) error {
	cores, _ := pin.Cores() // newRun has warned of an error
	at := placesOf(cores, record.ViaCall, 256)
	redis, err := redisserver.Start(ctx, at.redis)
	if err != nil {
		return err
	}
	defer redis.Stop()
	w.Redis = redis.Addr
	done := 0
	return carryOutTask(ctx, at.measurer, "measure-writers", w, func(found []record.Result) {
		run.Results = append(run.Results, found...)
		done++
		fmt.Fprintf(os.Stderr, "\rbench: requests that change one session, %d of %d ", done, len(w.Cells))
	})
}
