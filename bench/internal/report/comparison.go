package report

import (
	"fmt"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// Section is a generated part of the page.
type Section struct {
	// Name is that of its markers.
	Name string
	// Question is what it answers.
	Question string
	Text     string
}

// sessionKeys and valueBytes are the two sizes of session in the comparison.
var sessionKeys = []int{10, 100}

const valueBytes = 100

const sizes = "10 / 100 keys"

// routeHeads are the routes in the order of the tables, with what a reader
// calls them.
var routeHeads = []struct{ route, head string }{
	{"unused", "not used"}, {"read", "read"}, {"write", "write"}, {"create", "new"}, {"invalidate", "log out"},
}

// cells returns a cell for each size of session.
func cells(route, via string, atOnce int, sliding bool) []record.Cell {
	var list []record.Cell
	for _, keys := range sessionKeys {
		list = append(list, record.Cell{Route: route, Via: via, Keys: keys, ValueBytes: valueBytes, AtOnce: atOnce, Sliding: sliding})
	}
	return list
}

// Sections makes the tables of the comparison.
func Sections(run *record.Run) []Section {
	f := newFigures(run)
	sections := []Section{
		{"goals", "Are the goals met?", f.againstGoals()},
		{"machine", "What was it measured on?", machine(run)},
		{"http", "How fast is it over HTTP, one request at a time?", f.speeds(one(record.ViaHTTP))},
		{"valkey", "And on Valkey, which has a compare-and-set?", f.speeds(func(route string) []record.Cell { return onValkey(one(record.ViaHTTP)(route)) })},
		{"sliding", "When every request restarts the idle timeout?", f.sliding()},
		{"many-http", "With many requests at once, over HTTP?", f.many(record.ViaHTTP)},
		{"latency-http", "How long does a request take, over HTTP?", f.latencies(record.ViaHTTP)},
		{"call", "One request at a time, in process?", f.speeds(one(record.ViaCall))},
		{"many", "With many requests at once, in process?", f.many(record.ViaCall)},
		{"trips", "How many round trips to Redis?", f.trips()},
		{"traffic", "How many bytes to Redis and back?", f.traffics()},
		{"allocations", "How many allocations more than the bare handler?", f.perRoute(f.over(record.Allocs, whole))},
		{"memory", "How much memory is that?", f.perRoute(f.over(record.Bytes, kilobytes))},
		{"latency", "How long does a request take, in process?", f.latencies(record.ViaCall)},
	}
	for i := range sections {
		if sections[i].isEmpty() {
			sections[i].Text = "Not measured.\n"
		}
	}
	return sections
}

// isEmpty is whether there is no more than a table's head and its rule.
func (s Section) isEmpty() bool { return strings.Count(s.Text, "\n") <= 2 }

// Comparison returns the tables as they are printed, the goals last: that is what one sees
// first on a terminal. Those of which nothing was measured are left out.
func Comparison(run *record.Run) string {
	sections := Sections(run)
	return printed(append(sections[1:], sections[0]))
}

func printed(sections []Section) string {
	var b strings.Builder
	for _, s := range sections {
		if !s.isEmpty() {
			b.WriteString("\n## " + s.Question + "\n\n" + s.Text)
		}
	}
	return b.String()
}

// machine says what a run was measured on.
func machine(run *record.Run) string {
	var head, rule, row strings.Builder
	for _, s := range run.Settings {
		head.WriteString(" " + s.Key + " |")
		rule.WriteString("---|")
		row.WriteString(" " + s.Value + " |")
	}
	return "|" + head.String() + "\n|" + rule.String() + "\n|" + row.String() + "\n"
}

// one returns the cells of a route, one request at a time.
func one(via string) func(route string) []record.Cell {
	return func(route string) []record.Cell { return cells(route, via, 1, false) }
}

func (f *figures) speeds(of func(route string) []record.Cell) string {
	var columns []column
	for _, r := range routeHeads {
		write := f.ratio
		if r.route == "unused" {
			write = f.extra
		}
		columns = append(columns, column{r.head, of(r.route), write})
	}
	return table(sizes, f.apps, columns)
}

func (f *figures) sliding() string {
	return table(sizes, f.apps, []column{
		{"not used", cells("unused", record.ViaCall, 1, true), f.extra},
		{"read", cells("read", record.ViaCall, 1, true), f.ratio},
		{"write", cells("write", record.ViaCall, 1, true), f.ratio},
		{"read, HTTP", cells("read", record.ViaHTTP, 1, true), f.ratio},
		{"write, HTTP", cells("write", record.ViaHTTP, 1, true), f.ratio},
		{"read, 256 at once", cells("read", record.ViaCall, 256, true), f.ratio},
	})
}

// some is how many requests there are at once where they are neither one nor many.
func some(via string) int {
	if via == record.ViaHTTP {
		return 64
	}
	return 16
}

func (f *figures) many(via string) string {
	n := some(via)
	return table(sizes, f.apps, []column{
		{fmt.Sprintf("read, %d at once", n), cells("read", via, n, false), f.ratio},
		{fmt.Sprintf("write, %d", n), cells("write", via, n, false), f.ratio},
		{"read, 256 at once", cells("read", via, 256, false), f.ratio},
		{"write, 256", cells("write", via, 256, false), f.ratio},
		{"new, 256", cells("create", via, 256, false), f.ratio},
		{"log out, 256", cells("invalidate", via, 256, false)[:1], f.ratio},
	})
}

func (f *figures) trips() string {
	write := f.plain(record.Trips, trips)
	var columns []column
	for _, r := range routeHeads {
		columns = append(columns, column{r.head, cells(r.route, record.ViaCall, 1, false)[:1], write})
	}
	for _, route := range []string{"unused", "read", "write"} {
		columns = append(columns, column{route + ", sliding", cells(route, record.ViaCall, 1, true)[:1], write})
	}
	return table("", f.apps, columns)
}

func (f *figures) traffics() string {
	var columns []column
	for i, keys := range []string{"10 keys", "100 keys"} {
		for _, route := range []string{"read", "write"} {
			columns = append(columns, column{route + ", " + keys, cells(route, record.ViaCall, 1, false)[i : i+1], f.traffic})
		}
	}
	return table("sent, received", f.apps, columns)
}

// perRoute is a table of what is counted in process.
func (f *figures) perRoute(write writer) string {
	var columns []column
	for _, r := range routeHeads {
		columns = append(columns, column{r.head, cells(r.route, record.ViaCall, 1, false), write})
	}
	return table(sizes, f.apps, columns)
}

func (f *figures) latencies(via string) string {
	var columns []column
	for _, n := range []int{1, some(via), 256} {
		text := fmt.Sprintf("%d at once", n)
		if n == 1 {
			text = "one at a time"
		}
		for _, route := range []string{"read", "write"} {
			columns = append(columns, column{route + ", " + text, cells(route, via, n, false)[:1], f.latency})
		}
	}
	return table("p50, p99", f.apps, columns)
}
