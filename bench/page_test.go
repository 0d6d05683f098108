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

// TestExample fails when the worked example of docs/running.md is not what the recorded run
// says.
func TestExample(t *testing.T) {
	page, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	want, err := exampleOfRecord(string(page))
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != want {
		t.Errorf("%s is stale: run go run . report in bench", exampleFile)
	}
}
