package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/report"
	"github.com/pyramidgo/redissessions/internal/newer"
)

// compare measures all applications against the bare handler.
func compare(ctx context.Context, args []string) error {
	w, path, err := parseFlags("bench", args, 6*time.Minute+30*time.Second, 40*time.Second)
	if err != nil {
		return err
	}
	_, noValkey := newer.Server("valkey-server")
	if noValkey != nil {
		fmt.Fprintln(os.Stderr, "bench: nothing is measured on a server with a native compare-and-set:", noValkey)
	}
	run, err := planCompare(w, noValkey == nil).carryOut(ctx, w.seed)
	if err != nil {
		return err
	}
	fmt.Print(report.Comparison(run))
	return keep(run, path)
}
