package report

import (
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
	return []Section{
		{"machine", "What was it measured on?", machine(run)},
		{"call", "How fast is it, one request at a time, in process?", f.speeds(record.ViaCall)},
		{"http", "And over HTTP?", f.speeds(record.ViaHTTP)},
		{"sliding", "When every request restarts the idle timeout?", f.sliding()},
		{"many", "With many requests at once, in process?", f.many(record.ViaCall)},
		{"many-http", "With many requests at once, over HTTP?", f.many(record.ViaHTTP)},
		{"trips", "How many round trips to Redis?", f.trips()},
		{"traffic", "How many bytes to Redis and back?", f.traffics()},
		{"allocations", "How many allocations more than the bare handler?", f.perRoute(f.over(record.Allocs, whole))},
		{"memory", "How much memory is that?", f.perRoute(f.over(record.Bytes, kilobytes))},
		{"latency", "How long does a request take, in process?", f.latencies(record.ViaCall)},
		{"latency-http", "How long does a request take, over HTTP?", f.latencies(record.ViaHTTP)},
	}
}

// Comparison returns the tables as they are printed. Those of which nothing was
// measured are left out.
func Comparison(run *record.Run) string { return printed(Sections(run)) }

func printed(sections []Section) string {
	var b strings.Builder
	for _, s := range sections {
		if lines := strings.Count(s.Text, "\n"); lines > 2 { // more than a table's head and its rule
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

func (f *figures) speeds(via string) string {
	var columns []column
	for _, r := range routeHeads {
		write := f.ratio
		if r.route == "unused" {
			write = f.extra
		}
		columns = append(columns, column{r.head, cells(r.route, via, 1, false), write})
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

func (f *figures) many(via string) string {
	return table(sizes, f.apps, []column{
		{"read, 16 at once", cells("read", via, 16, false), f.ratio},
		{"write, 16", cells("write", via, 16, false), f.ratio},
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
	for _, at := range []struct {
		n    int
		text string
	}{{1, "one at a time"}, {16, "16 at once"}, {256, "256 at once"}} {
		for _, route := range []string{"read", "write"} {
			columns = append(columns, column{route + ", " + at.text, cells(route, via, at.n, false)[:1], f.latency})
		}
	}
	return table("p50, p99", f.apps, columns)
}
