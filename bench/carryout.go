package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// carryOut measures the stages of a plan, one after another, and tells on
// standard error how far it is.
func (p *plan) carryOut(ctx context.Context, seed uint64) (*record.Run, error) {
	run, cores, err := newRun(ctx)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, s := range p.stages {
		total += len(s.Cells)
	}
	fmt.Fprintf(os.Stderr, "bench: %d cells, about %v, -seed %d\n", total, p.length().Round(time.Second), seed)
	start, done := time.Now(), 0
	for _, s := range p.stages {
		err := s.run(ctx, cores, func(results []record.Result) {
			run.Results = append(run.Results, results...)
			done++
			fmt.Fprintf(os.Stderr, "\rbench: %d of %d cells, %v ", done, total, time.Since(start).Round(time.Second))
		})
		if err != nil {
			return nil, fmt.Errorf("bench: %s, %d at once: %w", s.Via, s.AtOnce, err)
		}
	}
	fmt.Fprintln(os.Stderr)
	return run, nil
}

// newRun returns an empty run with what it depends on, and the cores to pin processes to. It
// warns on standard error of what makes figures rough.
func newRun(ctx context.Context) (*record.Run, []int, error) {
	cores, err := pin.Cores()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: nothing is pinned, figures may drift by a factor of three:", err)
	}
	if load := loadAverage(); load > 0.5 {
		fmt.Fprintf(os.Stderr, "bench: this machine is busy, its load average is %.1f: the figures will be rough\n", load)
	}
	run := &record.Run{}
	if run.Settings, err = settings(ctx, cores); err != nil {
		return nil, nil, err
	}
	return run, cores, nil
}
