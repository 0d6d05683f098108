package main

import (
	"bytes"
	"os"
	"testing"
)

// TestPage fails when docs/performance.md or its plot is not what the recorded
// runs say.
func TestPage(t *testing.T) {
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	wantPage, wantPlot, err := madeOfRecords(string(page))
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != wantPage {
		t.Errorf("%s is stale: run go run . report in bench", pageFile)
	}
	plot, err := os.ReadFile(plotFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(plot, wantPlot) {
		t.Errorf("%s is stale: run go run . report in bench", plotFile)
	}
}
