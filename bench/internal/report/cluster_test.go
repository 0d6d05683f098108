package report

import (
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

func TestClusterSections(t *testing.T) {
	of := func(app, route string, nodes, keys, devices int, values map[string]float64) record.Result {
		r := result(app, route, keys, 64, values)
		r.Nodes, r.Devices = nodes, devices
		if devices > 0 {
			r.Sessions = 60_000
		}
		return r
	}
	run := &record.Run{Results: []record.Result{
		of("redissessions", "read", 1, 10, 0, map[string]float64{record.ServerNs: 7_000, record.CommandNs: 1_600}),
		of("redissessions", "read", 1, 100, 0, map[string]float64{record.ServerNs: 8_000, record.CommandNs: 2_900}),
		of("redissessions", "write", 1, 10, 0, map[string]float64{record.ServerNs: 17_000, record.CommandNs: 10_000}),
		of("redissessions auto_pipeline=auto", "read", 1, 10, 0, map[string]float64{record.ServerNs: 1_400}),
		of("redissessions", "read", 3, 10, 0, map[string]float64{record.ServerNs: 9_800}),
		of("redissessions", "memory", 1, 10, 3, map[string]float64{record.SessionBytes: 1_400, record.IndexBytes: 400, record.Least: 1, record.Most: 1}),
		of("redissessions", "memory", 3, 10, 3, map[string]float64{record.SessionBytes: 1_450, record.IndexBytes: 390, record.Least: 0.3321, record.Most: 0.3349}),
		of("redissessions", "login", 1, 10, 3, map[string]float64{record.ServerNs: 19_000}),
		of("redissessions", "login", 1, 10, 3, map[string]float64{record.Trips: 1}),
		of("redissessions", "login", 3, 10, 3, map[string]float64{record.Trips: 2}),
	}}
	// Both results of a login are of one name, with different units.
	sections := append(ClusterSections(run), ExampleSection(run))
	for name, want := range map[string]string{
		"cluster-cost": `| 1 kB / 10 kB | read | write | new | log out | log in |
|---|---:|---:|---:|---:|---:|
| one Redis | 7.0 µs / 8.0 µs | 17 µs | – | – | 19 µs |
| of that, in the commands | 1.6 µs / 2.9 µs | 10 µs | – | – | – |
| a second of one core is enough for | 140,000 / 130,000 | 59,000 | – | – | 53,000 |
` + "| one Redis, `auto_pipeline = auto` | 1.4 µs | – | – | – | – |\n" +
			"| Cluster of 3 | 9.8 µs | – | – | – | – |\n" +
			"| Cluster of 3, `auto_pipeline = auto` | – | – | – | – | – |\n",
		"cluster-memory": `20,000 users with 3 sessions each, of 1 kB:

|  | one Redis | Cluster of 3 |
|---|---:|---:|
| one session's record | 1400 B | 1450 B |
| one user's index | 400 B | 390 B |
| share of the keys on a node | – | 33.2 to 33.5 % |
`,
		"example": `|  | formula | figure |
|---|---|---:|
| memory | 1,000,000 × (3 × 1400 B + 400 B) | 4.6 GB |
| of Redis's core | 2,000 × (0.8 × 7.0 µs + 0.2 × 17 µs) | 1.8 % |
| requests a second at half a core | 0.5 s ÷ 9.0 µs | 56,000 |
| such users in 16 GB | 16 GB ÷ 4600 B | 3.5 million |
`,
	} {
		if got := sectionText(t, sections, name); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
}
