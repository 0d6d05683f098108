package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// ClusterSections makes the tables of the run about one Redis and a Cluster.
func ClusterSections(run *record.Run) []Section {
	c := newClusterFigures(run)
	return []Section{
		{"cluster-cost", "What does a request cost one Redis and a Cluster?", c.cost()},
		{"cluster-memory", "What does a session take there?", c.memory()},
		{"cluster-trips", "How many round trips does it make?", c.trips()},
	}
}

// Cluster returns the tables as they are printed.
func Cluster(run *record.Run) string {
	return printed(append(ClusterSections(run), ExampleSection(run)))
}

// clusterFigures finds the figures of such a run.
type clusterFigures struct {
	*figures
	nodes []int // 1, and of the cluster
	keys  []int // the sizes of the sessions
	cells map[string]record.Cell
}

func newClusterFigures(run *record.Run) *clusterFigures {
	c := &clusterFigures{newFigures(run), nil, nil, map[string]record.Cell{}}
	for _, r := range run.Results {
		c.nodes, c.keys = append(c.nodes, r.Nodes), append(c.keys, r.Keys)
		for unit := range r.Values {
			c.cells[clusterCell(r.Route, r.Nodes, r.Keys, unit)] = r.Cell
		}
	}
	slices.Sort(c.nodes)
	slices.Sort(c.keys)
	c.nodes, c.keys = slices.Compact(c.nodes), slices.Compact(c.keys)
	return c
}

// clusterCell names the one cell that has a unit of a route.
func clusterCell(route string, nodes, keys int, unit string) string {
	return fmt.Sprint(route, " ", nodes, " ", keys, " ", unit)
}

// at returns a figure, or NaN.
func (c *clusterFigures) at(app, route string, nodes, keys int, unit string) float64 {
	cell, ok := c.cells[clusterCell(route, nodes, keys, unit)]
	if !ok {
		return math.NaN()
	}
	return c.of(cell, app, unit)
}

func nodesHead(n int) string {
	if n == 1 {
		return "one Redis"
	}
	return fmt.Sprintf("Cluster of %d", n)
}

// costHeads are the columns of what a request costs.
var costHeads = []struct{ route, head string }{
	{"read", "read"}, {"write", "write"}, {"create", "new"}, {"invalidate", "log out"}, {measure.RouteLogin, "log in"},
}

// cost is the table of processor time.
func (c *clusterFigures) cost() string {
	var sizes []string
	for _, keys := range c.keys {
		sizes = append(sizes, byteSize(keys*valueBytes))
	}
	var b strings.Builder
	b.WriteString("| " + strings.Join(sizes, " / ") + " |")
	for _, h := range costHeads {
		b.WriteString(" " + h.head + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(costHeads)) + "\n")
	row := func(head, app string, nodes int, unit string, write func(float64) string) {
		b.WriteString("| " + head + " |")
		for _, h := range costHeads {
			var texts []string
			for _, keys := range c.keys {
				if text := write(c.at(app, h.route, nodes, keys, unit)); text != none {
					texts = append(texts, text)
				}
			}
			if texts == nil {
				texts = []string{none}
			}
			b.WriteString(" " + strings.Join(texts, " / ") + " |")
		}
		b.WriteString("\n")
	}
	for _, n := range c.nodes {
		row(nodesHead(n), measure.UserApp, n, record.ServerNs, duration)
		if n == 1 {
			row("of that, in the commands", measure.UserApp, n, record.CommandNs, duration)
			row("a second of one core is enough for", measure.UserApp, n, record.ServerNs, perSecond)
		}
		row(nodesHead(n)+", `auto_pipeline = auto`", measure.AutoPipelined, n, record.ServerNs, duration)
	}
	return b.String()
}

// perSecond is how many requests a second of processor time is enough for, with two digits.
func perSecond(ns float64) string {
	if math.IsNaN(ns) || ns <= 0 {
		return none
	}
	n := 1e9 / ns
	step := math.Pow(10, math.Floor(math.Log10(n))-1)
	return thousands(int(math.Round(n/step) * step))
}

// memory is the table of what sessions take.
func (c *clusterFigures) memory() string {
	i := slices.IndexFunc(c.keys, func(keys int) bool {
		return !math.IsNaN(c.at(measure.UserApp, measure.RouteMemory, 1, keys, record.SessionBytes))
	})
	if i < 0 {
		return ""
	}
	keys := c.keys[i]
	cell := c.cells[clusterCell(measure.RouteMemory, 1, keys, record.SessionBytes)]
	var b strings.Builder
	fmt.Fprintf(&b, "%s users with %s each, of %s:\n\n|  |", thousands(cell.Sessions/cell.Devices), count(cell.Devices, "session"), byteSize(keys*valueBytes))
	for _, n := range c.nodes {
		b.WriteString(" " + nodesHead(n) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(c.nodes)) + "\n")
	row := func(head string, write func(nodes int) string) {
		b.WriteString("| " + head + " |")
		for _, n := range c.nodes {
			b.WriteString(" " + write(n) + " |")
		}
		b.WriteString("\n")
	}
	bytes := func(unit string) func(int) string {
		return func(n int) string {
			return withUnit(whole(c.at(measure.UserApp, measure.RouteMemory, n, keys, unit)), "B")
		}
	}
	row("one session's record", bytes(record.SessionBytes))
	row("one user's index", bytes(record.IndexBytes))
	row("share of the keys on a node", func(n int) string {
		least := c.at(measure.UserApp, measure.RouteMemory, n, keys, record.Least)
		most := c.at(measure.UserApp, measure.RouteMemory, n, keys, record.Most)
		if n == 1 || math.IsNaN(least) {
			return none
		}
		return fmt.Sprintf("%s to %s %%", decimals(100*least, 1), decimals(100*most, 1))
	})
	return b.String()
}

// tripHeads are the rows of the round trips.
var tripHeads = append([]struct{ route, head string }{
	{"read", "read"}, {"write", "write"}, {"create", "new session"}, {"invalidate", "log out, by `Factory.Invalidate`"},
}, userHeads...)

// trips is the table of round trips.
func (c *clusterFigures) trips() string {
	var b strings.Builder
	b.WriteString("|  |")
	for _, n := range c.nodes {
		b.WriteString(" " + nodesHead(n) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(c.nodes)) + "\n")
	for _, h := range tripHeads {
		b.WriteString("| " + h.head + " |")
		for _, n := range c.nodes {
			b.WriteString(" " + trips(c.at(measure.UserApp, h.route, n, c.keys[0], record.Trips)) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}
