package examples

import (
	"regexp"
	"strings"
	"testing"
)

// The README's figures of other libraries are those of docs/performance.md, which are made
// from the recorded run.
func TestFiguresOfTheReadme(t *testing.T) {
	t.Parallel()
	var trips, speeds [][]string
	for line := range strings.Lines(read(t, "../README.md")) {
		cells := cellsOf(line)
		switch {
		case strings.HasPrefix(line, "| Redis round trips: not used, read, write |"):
			trips = append(trips, cells[1:])
		case strings.HasPrefix(line, "| speed of a read, of a write |"):
			speeds = append(speeds, cells[1:])
		}
	}
	if len(trips) != 1 || len(speeds) != 1 {
		t.Fatalf("the README has %d rows of round trips and %d of speeds", len(trips), len(speeds))
	}
	performance := read(t, "../docs/performance.md")
	for i, app := range []string{"redissessions", "scs goredisstore", "gorilla boj/redistore", "gin-contrib/sessions"} {
		trip, speed := rowOf(t, performance, "trips", app), rowOf(t, performance, "http", app)
		if want := strings.Join(trip[1:4], ", "); trips[0][i] != want {
			t.Errorf("%s: the README says %q round trips, and the record %q", app, trips[0][i], want)
		}
		want := regexp.MustCompile(` / [\d.]+`).ReplaceAllString(speed[2]+", "+speed[3], "") // that of 10 keys
		if speeds[0][i] != want {
			t.Errorf("%s: the README says the speeds %q, and the record %q", app, speeds[0][i], want)
		}
	}
}

// rowOf returns the cells of an application in a table that a recorded run made.
func rowOf(t *testing.T, performance, table, app string) []string {
	t.Helper()
	_, text, found := strings.Cut(performance, "<!-- made by make bench-record: "+table+" -->")
	text, _, _ = strings.Cut(text, "<!-- end -->")
	_, row, here := strings.Cut(text, "\n| "+app+" |")
	if !found || !here {
		t.Fatalf("docs/performance.md has no %s in its table %q", app, table)
	}
	row, _, _ = strings.Cut(row, "\n")
	return cellsOf("| " + app + " |" + row)
}

func cellsOf(line string) []string {
	cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
	}
	return cells
}
