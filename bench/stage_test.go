package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/internal/newer"
)

// TestMain lets the test's program be the child processes too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if command := commands[os.Args[1]]; command != nil {
			if err := command(context.Background(), nil); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// TestStages measures a little of everything, with samples too short to say
// anything about speed.
func TestStages(t *testing.T) {
	needsRedis(t)
	cores, err := pin.Cores()
	if err != nil {
		t.Log(err)
	}
	stages := []*stage{
		{Via: record.ViaCall, AtOnce: 1, Cells: []plannedCell{
			{Cell: record.Cell{Route: "read"}, Exact: true, Results: 2},
			{Cell: record.Cell{Route: "create"}},
			{Cell: record.Cell{Route: "invalidate"}, Exact: true},
			{Cell: record.Cell{Route: "read", Sessions: 1200}, Fill: "redissessions"},
		}},
		{Via: record.ViaHTTP, AtOnce: 4, Cells: []plannedCell{
			{Cell: record.Cell{Route: "unused"}},
			{Cell: record.Cell{Route: "write", Sliding: true}},
			{Cell: record.Cell{Route: "invalidate"}},
		}},
	}
	switch _, err := newer.Server("valkey-server"); {
	case err == nil:
		stages = append(stages, &stage{Via: record.ViaHTTP, AtOnce: 1, Server: record.Valkey, Cells: []plannedCell{
			{Cell: record.Cell{Route: "write", Server: record.Valkey}},
		}})
	case os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1":
		t.Error(err)
	default:
		t.Log(err)
	}
	names := append([]string{measure.Bare}, find("redissessions")...)
	for _, s := range stages {
		s.Sample = 2 * time.Millisecond
		for i := range s.Cells {
			c := &s.Cells[i]
			c.Via, c.AtOnce, c.Keys, c.ValueBytes, c.Apps, c.Rounds = s.Via, s.AtOnce, 3, 20, names, fewestRounds
		}
		done := 0
		err := s.run(t.Context(), cores, func(results []record.Result) {
			checkResults(t, s.Cells[done], results)
			done++
		})
		if err != nil || done != len(s.Cells) {
			t.Errorf("%s, %d at once: %d of %d cells, %v", s.Via, s.AtOnce, done, len(s.Cells), err)
		}
	}
}

func checkResults(t *testing.T, c plannedCell, results []record.Result) {
	t.Helper()
	want := max(1, c.Results) * len(c.Apps)
	if c.Fill != "" {
		want = 1
	}
	if len(results) != want {
		t.Fatalf("%s: %d results, want %d", c.Name(""), len(results), want)
	}
	for _, r := range results {
		for _, unit := range []string{record.NsPerOp, record.Ratio, record.P50, record.P99} {
			if r.Values[unit] <= 0 {
				t.Errorf("%s: %s is %v", r.Name(r.App), unit, r.Values[unit])
			}
		}
		if c.Exact && (r.Values[record.Trips] != 1 || r.Values[record.Sent] <= 0 || r.Values[record.Allocs] <= 0) {
			t.Errorf("%s: %v, want one round trip", r.Name(r.App), r.Values)
		}
		if c.Fill != "" && (r.Values[record.SessionBytes] < 100 || r.Values[record.SessionBytes] > 1000) {
			t.Errorf("%s: %v bytes per session", r.Name(r.App), r.Values[record.SessionBytes])
		}
	}
}

// needsRedis skips a test where there is no redis-server, and fails it where one is required.
func needsRedis(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
