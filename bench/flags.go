package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// wanted chooses what to measure.
type wanted struct {
	quick bool
	run   *regexp.Regexp // of the names of benchmarks
	seed  uint64
	time  time.Duration // all samples together, with what prepares them
}

// parseFlags reads what the two ways to measure have in common.
func parseFlags(name string, args []string, full, quick time.Duration) (w wanted, recordPath string, err error) {
	flags, path := newFlags(name)
	flags.BoolVar(&w.quick, "quick", false, "take about a minute; the figures are rough, and some are left out")
	flags.Uint64Var(&w.seed, "seed", 0, "of the random order in which applications take turns; 0 takes one by chance")
	flags.DurationVar(&w.time, "time", 0, "how long to measure in all; opening applications comes on top")
	pattern := flags.String("run", "", "measure only what has a matching `regexp` in names like\nRead/via=call/keys=10/value=100/at-once=1/sliding=no/app=fiber")
	if err := parse(flags, args); err != nil {
		return w, "", err
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
	return w, *path, nil
}

// newFlags returns the flags of a command, of which all have -record.
func newFlags(name string) (flags *flag.FlagSet, recordPath *string) {
	flags = flag.NewFlagSet(name, flag.ExitOnError)
	return flags, flags.String("record", "", "write the run to a `file`, in the Go benchmark format")
}

// parse parses the arguments, of which all are flags. For a wrong flag it ends the program.
func parse(flags *flag.FlagSet, args []string) error {
	_ = flags.Parse(args)
	if flags.NArg() > 0 {
		return fmt.Errorf("bench: unknown argument %q", flags.Arg(0))
	}
	return nil
}

// keep writes a run to a file, if there is one to write to.
func keep(run *record.Run, path string) error {
	if path == "" {
		return nil
	}
	return run.WriteFile(path)
}
