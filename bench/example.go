package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// exampleFile is the page with the worked example, seen from this directory.
var exampleFile = filepath.Join("..", "docs", "running.md")

// writeExample makes the worked example anew of the recorded run about one Redis and a
// Cluster.
func writeExample() error {
	page, err := os.ReadFile(exampleFile)
	if err != nil {
		return fmt.Errorf("bench: report: %w", err)
	}
	text, err := exampleOfRecord(string(page))
	if err != nil {
		return err
	}
	if err := os.WriteFile(exampleFile, []byte(text), 0o644); err != nil {
		return fmt.Errorf("bench: report: %w", err)
	}
	return nil
}

// exampleOfRecord returns the page with the example of the recorded run.
func exampleOfRecord(page string) (string, error) {
	run, err := record.ReadFile(clusterFile)
	if err != nil {
		return "", err
	}
	return report.Page(page, []report.Section{report.ExampleSection(run)})
}
