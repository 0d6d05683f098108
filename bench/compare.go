package main

import (
	"context"
	"fmt"
	"time"

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
