package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/mattn/go-isatty"

	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// against compares a run with an earlier one. A regression is no error: it may be wanted, and
// the machine may be another.
func against(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("bench against", flag.ExitOnError)
	_ = flags.Parse(args) // ends the program itself
	if flags.NArg() != 2 {
		return errors.New("bench: against: give the files of two runs, the earlier one first, such as testdata/last.txt testdata/new.txt")
	}
	earlier, err := record.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	run, err := record.ReadFile(flags.Arg(1))
	if err != nil {
		return err
	}
	red := func(text string) string { return text }
	if hasColours(os.Stdout) {
		red = func(text string) string { return "\x1b[31m" + text + "\x1b[0m" }
	}
	fmt.Print(report.Against(earlier, run, red))
	return nil
}

// hasColours is whether what is written to a file may have colours: on a terminal, unless the
// environment says NO_COLOR, as no-color.org describes.
func hasColours(f *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && isatty.IsTerminal(f.Fd())
}
