package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// goal is what a figure of an application is to be, over HTTP.
type goal struct {
	head  string
	app   string
	cells []record.Cell
	// wants has one number for each cell, as they are written.
	wants   []float64
	compare comparison
}

// comparison is how a goal is measured, written and met.
type comparison struct {
	figure func(f *figures, c record.Cell, app string) float64
	write  func(x float64) string
	// limit is whether less is better.
	limit bool
}

// speed is how fast a request is beside the bare handler's.
var speed = comparison{
	figure: func(f *figures, c record.Cell, app string) float64 { return f.of(c, app, record.Ratio) },
	write:  func(x float64) string { return decimals(x, 2) },
}

// tail is how many times its 99th percentile is the bare handler's.
var tail = comparison{
	figure: func(f *figures, c record.Cell, app string) float64 {
		return f.of(c, app, record.P99) / f.of(c, measure.Bare, record.P99)
	},
	write: func(x float64) string { return withUnit(decimals(x, 2), "×") },
	limit: true,
}

// added is how many microseconds it takes more than the bare handler's.
var added = comparison{
	figure: func(f *figures, c record.Cell, app string) float64 { return f.of(c, app, record.ExtraNs) / 1e3 },
	write:  func(x float64) string { return withUnit(decimals(x, 1), "µs") },
	limit:  true,
}

// goals are in the order of their table. The application with auto_pipeline is the one that
// switches by itself, as the settings recommend.
func goals() []goal {
	const auto = ours + " auto_pipeline=auto"
	one := one(record.ViaHTTP)
	many := func(route string, atOnce int) []record.Cell { return cells(route, record.ViaHTTP, atOnce, false)[:1] }
	return []goal{
		{"read", ours, one("read"), []float64{0.90, 0.90}, speed},
		{"write, by script", ours, one("write"), []float64{0.82, 0.75}, speed},
		{"write, by compare-and-set (Valkey)", ours, onValkey(one("write")), []float64{0.88, 0.85}, speed},
		{"new session", ours, one("create"), []float64{0.80, 0.70}, speed},
		{"session not used", ours, one("unused"), []float64{1, 1}, added},
		{"read, 64 at once, auto_pipeline", auto, many("read", 64), []float64{1}, speed},
		{"write, 64 at once, auto_pipeline", auto, many("write", 64), []float64{0.95}, speed},
		{"read, 256 at once, auto_pipeline", auto, many("read", 256), []float64{1}, speed},
		{"write, 256 at once, auto_pipeline", auto, many("write", 256), []float64{0.95}, speed},
		{"99th percentile of a read", ours, one("read"), []float64{1.2, 1.2}, tail},
		{"99th percentile of a write", ours, one("write"), []float64{1.2, 1.2}, tail},
		{"99th percentile of a new session", ours, one("create"), []float64{1.2, 1.2}, tail},
	}
}

// onValkey returns the same cells on a server with a native compare-and-set.
func onValkey(list []record.Cell) []record.Cell {
	for i := range list {
		list[i].Server = record.Valkey
	}
	return list
}

// goals is the table of the goals beside what was measured. Those of which nothing was measured
// are named below it.
func (f *figures) againstGoals() string {
	var rows strings.Builder
	var missing []string
	for _, g := range goals() {
		row, ok := g.row(f)
		if !ok {
			missing = append(missing, g.head)
		}
		rows.WriteString(row)
	}
	if rows.Len() == 0 {
		return ""
	}
	text := "| over HTTP, " + sizes + " | goal | measured | |\n|---|---:|---:|---|\n" + rows.String()
	if len(missing) > 0 {
		text += "\nNot measured: " + strings.Join(missing, "; ") + ".\n"
	}
	return text
}

// row is the goal's row of the table, if anything of it was measured.
func (g goal) row(f *figures) (row string, ok bool) {
	var wants, figures, verdicts []string
	met, missed := true, false
	for i, c := range g.cells {
		x := g.compare.figure(f, c, g.app)
		wants = append(wants, g.compare.write(g.wants[i]))
		figures = append(figures, g.compare.write(x))
		miss := g.compare.miss(x, g.wants[i])
		switch {
		case math.IsNaN(x):
			verdicts = append(verdicts, none)
			continue
		case miss == "":
			verdicts = append(verdicts, "met")
		case missed:
			verdicts = append(verdicts, miss)
		default:
			verdicts = append(verdicts, "missed by "+miss)
			met, missed = false, true
		}
		ok = true
	}
	if !ok {
		return "", false
	}
	verdict := strings.Join(verdicts, " / ")
	if met {
		verdict = "met"
	}
	want := strings.Join(wants, " / ")
	if g.compare.limit {
		want = "≤ " + want
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", g.head, want, strings.Join(figures, " / "), verdict), true
}

// miss says by how much a figure misses what it is to be, or "". It looks at the figures as
// they are written: two that look the same do not differ.
func (c comparison) miss(x, want float64) string {
	by := want - x
	if c.limit {
		by = -by
	}
	if by <= 0 || c.write(x) == c.write(want) {
		return ""
	}
	return c.write(by)
}
