package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// The site of the worked example.
const (
	exampleUsers    = 1_000_000
	exampleRequests = 2_000 // a second
	exampleWrites   = 0.2   // of the requests
	exampleKeys     = 10    // sessions of 1 kB
	// exampleMemory is a maxmemory to calculate with.
	exampleMemory = 16e9
)

// ExampleSection is the worked example of docs/running.md: what a site takes of one Redis,
// by the figures of the run about one Redis and a Cluster.
func ExampleSection(run *record.Run) Section {
	return Section{"example", "What does a site of a million users take of one Redis?", newClusterFigures(run).example()}
}

func (c *clusterFigures) example() string {
	at := func(route, unit string) float64 { return c.at(measure.UserApp, route, 1, exampleKeys, unit) }
	session, index := at(measure.RouteMemory, record.SessionBytes), at(measure.RouteMemory, record.IndexBytes)
	read, write := at("read", record.ServerNs), at("write", record.ServerNs)
	each := c.cells[clusterCell(measure.RouteMemory, 1, exampleKeys, record.SessionBytes)].Devices
	user := float64(each)*session + index
	request := (1-exampleWrites)*read + exampleWrites*write
	if math.IsNaN(user + request) {
		return ""
	}
	var b strings.Builder
	b.WriteString("|  | formula | figure |\n|---|---|---:|\n")
	row := func(what, formula, figure string) { fmt.Fprintf(&b, "| %s | %s | %s |\n", what, formula, figure) }
	row("memory", fmt.Sprintf("%s × (%d × %s B + %s B)", thousands(exampleUsers), each, whole(session), whole(index)),
		decimals(exampleUsers*user/1e9, 1)+" GB")
	row("of Redis's core", fmt.Sprintf("%s × (%s × %s + %s × %s)", thousands(exampleRequests),
		decimals(1-exampleWrites, 1), duration(read), decimals(exampleWrites, 1), duration(write)),
		decimals(exampleRequests*request/1e9*100, 1)+" %")
	row("requests a second at half a core", fmt.Sprintf("0.5 s ÷ %s", duration(request)), perSecond(2*request))
	row(fmt.Sprintf("such users in %.0f GB", exampleMemory/1e9), fmt.Sprintf("%.0f GB ÷ %s B", exampleMemory/1e9, whole(user)),
		decimals(exampleMemory/user/1e6, 1)+" million")
	return b.String()
}
