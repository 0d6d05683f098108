package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// GrowthSections makes the tables of the run about growth.
func GrowthSections(run *record.Run) []Section {
	f := newFigures(run)
	var keys, bytes, sessions []record.Cell
	for _, r := range run.Results {
		switch {
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
