// Package record keeps what a run has measured, as text in the Go benchmark
// format, which benchstat compares and the tables are made of.
package record

import (
	"fmt"
	"strconv"
	"strings"
)

// How an application is reached.
const (
	ViaCall = "call" // in the process of the application
	ViaHTTP = "http" // over loopback, HTTP/1.1, keep-alive
)

// Valkey is a Cell.Server with a native compare-and-set, SET … IFEQ.
const Valkey = "valkey"

// Units of the values. Those that a run leaves out were not measured there.
const (
	// Ratio is how many requests are answered in the time of one of the bare
	// handler's: above 1 is faster.
	Ratio = "ratio"
	// NsPerOp is the time per request. ExtraNs is what its median latency is
	// more than that of the bare handler's.
	NsPerOp = "ns/op"
	ExtraNs = "extra-ns"
	// P50 and P99 are latencies.
	P50 = "p50-ns"
	P99 = "p99-ns"
	// Allocs and Bytes are what a request allocates.
	Allocs = "allocs/op"
	Bytes  = "B/op"
	// Trips, Sent and Received are the traffic between application and Redis.
	Trips    = "trips/op"
	Sent     = "sent-B/op"
	Received = "received-B/op"
	// SessionBytes is the memory that Redis takes for a session.
	SessionBytes = "B/session"
	// IndexBytes is the memory that Redis takes for the index of a user: what it
	// allocates more with the index than without.
	IndexBytes = "index-B/user"
	// IndexUsage and SessionUsage are what MEMORY USAGE says of an index, and of a
	// record.
	IndexUsage   = "index-usage-B"
	SessionUsage = "session-usage-B"
	// Tries is how often a save was tried, and Lost how many updates were not there when
	// all requests of a cell had ended well.
	Tries = "tries/op"
	Lost  = "lost"
	// ServerNs is the processor time of a request on all servers together, by their own
	// count, and CommandNs the part of it that was spent in the commands themselves. Busy is
	// the share of the time in which the busiest server used the processor.
	ServerNs  = "server-ns/op"
	CommandNs = "command-ns/op"
	Busy      = "busy"
	// Least and Most are the shares of the servers that have the fewest keys and the most.
	Least = "least-share"
	Most  = "most-share"
)

// units is the order of the values in a line.
var units = []string{
	NsPerOp, Ratio, ExtraNs, P50, P99, Bytes, Allocs, Trips, Sent, Received, SessionBytes, IndexBytes, IndexUsage, SessionUsage, Tries, Lost,
	ServerNs, CommandNs, Busy, Least, Most,
}

// Cell is what was asked of the applications, and under which conditions.
type Cell struct {
	// Route is that of package apps, without the slash.
	Route string
	// Via is ViaCall or ViaHTTP.
	Via string
	// Server is Valkey, or "" for the machine's redis-server.
	Server string
	// Keys and ValueBytes are the size of a session.
	Keys, ValueBytes int
	// AtOnce is how many requests were under way.
	AtOnce int
	// Sliding is whether every request restarts the idle timeout.
	Sliding bool
	// Sessions is how many of the application's sessions Redis holds, or 0 for
	// just as many as there are visitors.
	Sessions int
	// Devices is how many sessions a user has, or 0 where there are no users.
	Devices int
	// Nodes is how many servers hold the sessions, where that is measured, else 0.
	Nodes int
}

// Result is one line of a run: one application in one cell, for some rounds.
type Result struct {
	Cell
	App      string
	Requests int
	// Values are the medians over the rounds, by unit.
	Values map[string]float64
}

// Name returns the name of the benchmark that the cell is for an application.
func (c Cell) Name(app string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s/via=%s/keys=%d/value=%d/at-once=%d/sliding=%s",
		strings.ToUpper(c.Route[:1]), c.Route[1:], c.Via, c.Keys, c.ValueBytes, c.AtOnce, yesNo(c.Sliding))
	if c.Server != "" {
		b.WriteString("/server=" + c.Server)
	}
	if c.Sessions > 0 {
		fmt.Fprintf(&b, "/sessions=%d", c.Sessions)
	}
	if c.Devices > 0 {
		fmt.Fprintf(&b, "/devices=%d", c.Devices)
	}
	if c.Nodes > 0 {
		fmt.Fprintf(&b, "/nodes=%d", c.Nodes)
	}
	b.WriteString("/app=" + appEscaper.Replace(app))
	return b.String()
}

// The name of a benchmark has no spaces, and slashes divide it.
var (
	appEscaper   = strings.NewReplacer(" ", "+", "/", "~")
	appUnescaper = strings.NewReplacer("+", " ", "~", "/")
)

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// parseName reads what Name has written.
func parseName(name string) (c Cell, app string, err error) {
	parts := strings.Split(name, "/")
	c.Route = strings.ToLower(parts[0])
	numbers := map[string]*int{"keys": &c.Keys, "value": &c.ValueBytes, "at-once": &c.AtOnce, "sessions": &c.Sessions, "devices": &c.Devices, "nodes": &c.Nodes}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "via":
			c.Via = value
		case "server":
			c.Server = value
		case "sliding":
			c.Sliding = value == "yes"
		case "app":
			app = appUnescaper.Replace(value)
		default:
			number, known := numbers[key]
			if !known {
				return c, "", fmt.Errorf("record: %s: unknown part %q", name, part)
			}
			if *number, err = strconv.Atoi(value); err != nil {
				return c, "", fmt.Errorf("record: %s: %w", name, err)
			}
		}
	}
	if app == "" {
		return c, "", fmt.Errorf("record: %s: no application", name)
	}
	return c, app, nil
}
