package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// notRecorded stands where there is no run about users yet.
const notRecorded = "Not recorded yet: `make bench-users`, on a machine with nothing else to do.\n"

// userHeads are the operations in the order of the table, with what they are.
var userHeads = []struct{ route, head string }{
	{measure.RouteLogin, "`Session.Login` of a visitor without a session"},
	{measure.RouteTicket, "`Factory.Ticket`"},
	{measure.RouteSessions, "`Factory.Sessions`"},
	{measure.RouteEndAll, "`Factory.EndAll`"},
}

// UserSections makes the tables of the run about users, nil for none.
func UserSections(run *record.Run) []Section {
	memory, times := notRecorded, notRecorded
	if run != nil {
		f := newFigures(run)
		memory, times = f.userMemory(run), f.userTimes(run)
	}
	return []Section{
		{"users-memory", "How much memory does the index of users' sessions take?", memory},
		{"users-time", "How long do the operations on a user's sessions take?", times},
	}
}

// Users returns the tables as they are printed.
func Users(run *record.Run) string { return printed(UserSections(run)) }

// userMemory says what the records and the indexes take.
func (f *figures) userMemory(run *record.Run) string {
	i := slices.IndexFunc(run.Results, func(r record.Result) bool { return r.Route == measure.RouteMemory })
	if i < 0 {
		return notRecorded
	}
	c := run.Results[i].Cell
	of := func(unit string) string { return withUnit(whole(f.of(c, measure.UserApp, unit)), "B") }
	var b strings.Builder
	fmt.Fprintf(&b, "%s users with %s each, of %s of %d bytes:\n\n", thousands(c.Sessions/c.Devices), count(c.Devices, "session"), count(c.Keys, "key"), c.ValueBytes)
	b.WriteString("|  | used_memory, divided | MEMORY USAGE of a sample |\n|---|---:|---:|\n")
	fmt.Fprintf(&b, "| one session's record | %s | %s |\n", of(record.SessionBytes), of(record.SessionUsage))
	fmt.Fprintf(&b, "| one user's index | %s | %s |\n", of(record.IndexBytes), of(record.IndexUsage))
	return b.String()
}

// userTimes is the table of times by the number of a user's sessions.
func (f *figures) userTimes(run *record.Run) string {
	var cells []record.Cell
	for _, r := range run.Results {
		if r.Route == measure.RouteRoundTrip {
			cells = append(cells, r.Cell)
		}
	}
	cells = ascending(cells, func(c record.Cell) int { return c.Devices })
	if len(cells) == 0 {
		return notRecorded
	}
	var b strings.Builder
	row := func(head string, write func(record.Cell) string) {
		b.WriteString("| " + head + " |")
		for _, c := range cells {
			b.WriteString(" " + write(c) + " |")
		}
		b.WriteString("\n")
	}
	row("sessions of the user", func(c record.Cell) string { return thousands(c.Devices) })
	b.WriteString("|---|" + strings.Repeat("---:|", len(cells)) + "\n")
	row("a round trip: one GET", func(c record.Cell) string { return duration(f.of(c, measure.Bare, record.NsPerOp)) })
	for _, h := range userHeads {
		row(h.head, func(c record.Cell) string {
			trip := f.of(c, measure.Bare, record.NsPerOp)
			c.Route = h.route
			took := f.of(c, measure.UserApp, record.NsPerOp)
			if math.IsNaN(took) {
				return none
			}
			return fmt.Sprintf("%s, × %s, %s", duration(took), twoDigits(took/trip), trips(f.of(c, measure.UserApp, record.Trips)))
		})
	}
	row("memory of the index", func(c record.Cell) string {
		c.Route = measure.RouteSessions
		return withUnit(whole(f.of(c, measure.UserApp, record.IndexUsage)), "B")
	})
	return b.String()
}
