package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// GrowthSections makes the tables of the run about growth.
func GrowthSections(run *record.Run) []Section {
	f := newFigures(run)
	var keys, bytes, sessions, writers []record.Cell
	for _, r := range run.Results {
		switch {
		case r.Route == measure.RouteOwn || r.Route == measure.RouteCount:
			writers = append(writers, r.Cell)
		case r.Sessions > 0:
			sessions = append(sessions, r.Cell)
		case r.Route != "read":
		case r.ValueBytes == valueBytes:
			keys = append(keys, r.Cell)
		}
		if r.Sessions == 0 && r.Route == "read" && r.Keys == 10 {
			bytes = append(bytes, r.Cell)
		}
	}
	return []Section{
		{"growth-keys", "How does cost grow with the number of keys, of 100 bytes each?",
			f.grown(keys, func(c record.Cell) int { return c.Keys }, func(n int) string { return count(n, "key") })},
		{"growth-bytes", "And with the size of the values, ten keys of them?",
			f.grown(bytes, func(c record.Cell) int { return c.Keys * c.ValueBytes }, byteSize)},
		{"growth-sessions", "And with the number of sessions in Redis?", f.sessions(sessions)},
		{"growth-writers", "And with the number of requests that change one session at once?", f.writers(writers)},
	}
}

// Growth returns the tables as they are printed.
func Growth(run *record.Run) string { return printed(GrowthSections(run)) }

// grown is a table with a column for each size.
func (f *figures) grown(list []record.Cell, size func(record.Cell) int, head func(int) string) string {
	var columns []column
	for _, c := range ascending(list, size) {
		write := c
		write.Route = "write"
		columns = append(columns, column{head(size(c)), []record.Cell{c, write}, f.ratio})
	}
	return table("read / write", f.apps, columns)
}

// sessions is the table of memory and speed for numbers of sessions.
func (f *figures) sessions(list []record.Cell) string {
	number := func(c record.Cell) int { return c.Sessions }
	write := func(c record.Cell, app string) string {
		memory := withUnit(whole(f.of(c, app, record.SessionBytes)), "B")
		if memory == none || app == measure.Bare {
			return none
		}
		return memory + ", " + f.ratio(c, app)
	}
	var columns []column
	for _, c := range ascending(list, number) {
		columns = append(columns, column{thousands(number(c)), []record.Cell{c}, write})
	}
	return table("memory per session, read", f.apps, columns)
}

// writerHeads say what the requests of a row change.
var writerHeads = []struct{ route, head string }{
	{measure.RouteOwn, "a key of its own"}, {measure.RouteCount, "one counter"},
}

// writers is the table of requests that change one session at once: for each number of them
// the time until all are saved, how often a save was tried, and how many updates were lost.
func (f *figures) writers(list []record.Cell) string {
	list = ascending(list, func(c record.Cell) int { return c.AtOnce })
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| requests at once |")
	for _, c := range list {
		b.WriteString(" " + thousands(c.AtOnce) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(list)) + "\n")
	for _, h := range writerHeads {
		for _, app := range f.apps {
			var row []string
			for _, c := range list {
				c.Route = h.route
				row = append(row, f.writer(c, app))
			}
			if slices.ContainsFunc(row, func(text string) bool { return text != none }) {
				fmt.Fprintf(&b, "| %s: %s | %s |\n", h.head, app, strings.Join(row, " | "))
			}
		}
	}
	return b.String()
}

func (f *figures) writer(c record.Cell, app string) string {
	took := f.of(c, app, record.NsPerOp)
	if math.IsNaN(took) {
		return none
	}
	return duration(took*float64(c.AtOnce)) + ", " + decimals(f.of(c, app, record.Tries), 1) + ", " + whole(f.of(c, app, record.Lost))
}

// ascending returns the cells by size, each size once.
func ascending(list []record.Cell, size func(record.Cell) int) []record.Cell {
	sorted := slices.SortedStableFunc(slices.Values(list), func(a, b record.Cell) int { return size(a) - size(b) })
	return slices.CompactFunc(sorted, func(a, b record.Cell) bool { return size(a) == size(b) })
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return thousands(n) + " " + noun
}

func byteSize(n int) string {
	if n >= 1e6 {
		return fmt.Sprintf("%d MB", n/1e6)
	}
	return fmt.Sprintf("%d kB", n/1000)
}

// thousands writes a number with commas.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, groups...), ",")
}
