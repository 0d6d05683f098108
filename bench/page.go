package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// The recorded runs, and what is made of them, seen from this directory.
var (
	comparisonFile = filepath.Join("testdata", "last.txt")
	growthFile     = filepath.Join("testdata", "growth.txt")
	usersFile      = filepath.Join("testdata", "users.txt")
	clusterFile    = filepath.Join("testdata", "cluster.txt")
	pageFile       = filepath.Join("..", "docs", "performance.md")
	plotFile       = filepath.Join("..", "docs", "performance.svg")
)

// writeReport makes the page's tables and its plot anew of the recorded runs.
func writeReport(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("bench report", flag.ExitOnError)
	_ = flags.Parse(args) // ends the program itself
	page, err := os.ReadFile(pageFile)
	if err != nil {
		return fmt.Errorf("bench: report: %w; run it in the directory bench", err)
	}
	text, plot, err := madeOfRecords(string(page))
	if err != nil {
		return err
	}
	if err := os.WriteFile(pageFile, []byte(text), 0o644); err != nil {
		return fmt.Errorf("bench: report: %w", err)
	}
	if err := os.WriteFile(plotFile, plot, 0o644); err != nil {
		return fmt.Errorf("bench: report: %w", err)
	}
	return writeExample()
}

// madeOfRecords returns the page with the tables of the recorded runs, and the
// plot.
func madeOfRecords(page string) (text string, plot []byte, err error) {
	comparison, err := record.ReadFile(comparisonFile)
	if err != nil {
		return "", nil, err
	}
	grown, err := record.ReadFile(growthFile)
	if err != nil {
		return "", nil, err
	}
	users, err := record.ReadFile(usersFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may not have been recorded yet
		return "", nil, err
	}
	cluster, err := record.ReadFile(clusterFile)
	if err != nil {
		return "", nil, err
	}
	text, err = report.Page(page, slices.Concat(report.Sections(comparison), report.GrowthSections(grown), report.UserSections(users), report.ClusterSections(cluster)))
	return text, report.Plot(comparison), err
}
