package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// compare measures all applications against the bare handler.
func compare(ctx context.Context, args []string) error {
	w, path, err := parseFlags("bench", args, 6*time.Minute+30*time.Second, 40*time.Second)
	if err != nil {
		return err
	}
	run, err := planCompare(w).carryOut(ctx, w.seed)
	if err != nil {
		return err
	}
	fmt.Print(report.Comparison(run))
	return keep(run, path)
}

// parseFlags reads what the two ways to measure have in common.
func parseFlags(name string, args []string, full, quick time.Duration) (w wanted, recordPath string, err error) {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	flags.BoolVar(&w.quick, "quick", false, "take about a minute; the figures are rough, and some are left out")
	flags.Uint64Var(&w.seed, "seed", 0, "of the random order in which applications take turns; 0 takes one by chance")
	flags.DurationVar(&w.time, "time", 0, "how long to measure in all; opening applications comes on top")
	pattern := flags.String("run", "", "measure only what has a matching `regexp` in names like\nRead/via=call/keys=10/value=100/at-once=1/sliding=no/app=fiber")
	flags.StringVar(&recordPath, "record", "", "write the run to a `file`, in the Go benchmark format")
	_ = flags.Parse(args) // ends the program itself
	if flags.NArg() > 0 {
		return w, "", fmt.Errorf("bench: unknown argument %q", flags.Arg(0))
	}
	if w.run, err = regexp.Compile(*pattern); err != nil {
		return w, "", fmt.Errorf("bench: -run: %w", err)
	}
	if w.seed == 0 {
		w.seed = rand.Uint64()
	}
	if w.time == 0 {
		w.time = full
		if w.quick {
			w.time = quick
		}
	}
	return w, recordPath, nil
}

// keep writes a run to a file, if there is one to write to.
func keep(run *record.Run, path string) error {
	if path == "" {
		return nil
	}
	return run.WriteFile(path)
}

// carryOut measures the stages of a plan, one after another, and tells on
// standard error how far it is.
func (p *plan) carryOut(ctx context.Context, seed uint64) (*record.Run, error) {
	cores, err := pin.Cores()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: nothing is pinned, figures may drift by a factor of three:", err)
	}
	run := &record.Run{}
	if run.Settings, err = settings(ctx, cores); err != nil {
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

// settings says what a run depends on.
func settings(ctx context.Context, cores []int) ([]record.Setting, error) {
	redis, err := redisserver.Start(ctx, pin.Anywhere)
	if err != nil {
		return nil, err
	}
	defer redis.Stop()
	version, err := redis.Version(ctx)
	if err != nil {
		return nil, err
	}
	return []record.Setting{
		{Key: "goos", Value: runtime.GOOS},
		{Key: "goarch", Value: runtime.GOARCH},
		{Key: "cpu", Value: processor()},
		{Key: "cores", Value: strconv.Itoa(runtime.NumCPU())},
		{Key: "pinned", Value: map[bool]string{true: "yes", false: "no"}[len(cores) > 0]},
		{Key: "go", Value: runtime.Version()},
		{Key: "redis", Value: version},
	}, nil
}

// processor returns the name of the processor where there is an easy way to
// know it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
