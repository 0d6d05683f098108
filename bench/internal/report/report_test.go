package report

import (
	"math"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// result is one line of a run, in process.
func result(app, route string, keys, atOnce int, values map[string]float64) record.Result {
	return record.Result{
		Cell: record.Cell{Route: route, Via: record.ViaCall, Keys: keys, ValueBytes: 100, AtOnce: atOnce},
		App:  app, Requests: 1, Values: values,
	}
}

// smallRun has three applications. The second has two results in a cell, and
// the third none but one.
func smallRun() *record.Run {
	return &record.Run{
		Settings: []record.Setting{{Key: "goos", Value: "linux"}, {Key: "redis", Value: "7.0.15"}},
		Results: []record.Result{
			result("bare", "read", 10, 1, map[string]float64{record.NsPerOp: 25_000, record.Ratio: 1, record.Allocs: 20, record.Trips: 1, record.P50: 24_000, record.P99: 40_400}),
			result("bare", "read", 100, 1, map[string]float64{record.NsPerOp: 31_600, record.Ratio: 1, record.Allocs: 20, record.Trips: 1}),
			result("bare", "unused", 10, 1, map[string]float64{record.NsPerOp: 800, record.Ratio: 1}),
			result("redissessions", "read", 10, 1, map[string]float64{record.NsPerOp: 26_000, record.Ratio: 0.90, record.Allocs: 27.6, record.Trips: 1, record.P50: 25_000, record.P99: 41_000}),
			result("redissessions", "read", 10, 1, map[string]float64{record.NsPerOp: 26_000, record.Ratio: 0.96, record.Allocs: 27.6, record.Trips: 1, record.P50: 25_000, record.P99: 43_000}),
			result("redissessions", "unused", 10, 1, map[string]float64{record.NsPerOp: 900, record.Ratio: 0.88, record.ExtraNs: 149}),
			result("a & b <c>", "read", 10, 256, map[string]float64{record.NsPerOp: 9_000, record.Ratio: 1.5}),
		},
	}
}

func sectionText(t *testing.T, sections []Section, name string) string {
	t.Helper()
	for _, s := range sections {
		if s.Name == name {
			return s.Text
		}
	}
	t.Fatalf("no section %q", name)
	return ""
}

func TestTables(t *testing.T) {
	sections := Sections(smallRun())
	for name, want := range map[string]string{
		"call": `| 10 / 100 keys | not used | read |
|---|---:|---:|
| bare | 0.8 µs / – | 25 µs / 32 µs |
| redissessions | +0.1 µs / – | 0.93 / – |
`,
		"many": `| 10 / 100 keys | read, 256 at once |
|---|---:|
| a & b <c> | 1.50 / – |
`,
		"trips": `|  | read |
|---|---:|
| bare | 1 |
| redissessions | 1 |
`,
		"allocations": `| 10 / 100 keys | read |
|---|---:|
| bare | 20 / 20 |
| redissessions | +8 / – |
`,
		"latency": `| p50, p99 | read, one at a time |
|---|---:|
| bare | 24 µs, 40 µs |
| redissessions | 25 µs, 42 µs |
`,
		"machine": `| goos | redis |
|---|---|
| linux | 7.0.15 |
`,
	} {
		if got := sectionText(t, sections, name); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
	if text := Comparison(smallRun()); strings.Contains(text, "over HTTP") || !strings.Contains(text, "How many round trips") {
		t.Errorf("a table of nothing is printed, or one of something is not:\n%s", text)
	}
}

func TestGrowth(t *testing.T) {
	sessions := func(n int, bytes, ratio float64) record.Result {
		r := result("scs goredisstore", "read", 3, 1, map[string]float64{record.SessionBytes: bytes, record.Ratio: ratio})
		r.Sessions = n
		return r
	}
	large := result("scs goredisstore", "read", 10, 1, map[string]float64{record.Ratio: 0.2})
	large.ValueBytes = 100_000
	run := &record.Run{Results: []record.Result{
		result("scs goredisstore", "read", 1, 1, map[string]float64{record.Ratio: 0.5}),
		result("scs goredisstore", "write", 1, 1, map[string]float64{record.Ratio: 0.4}),
		result("scs goredisstore", "read", 10, 1, map[string]float64{record.Ratio: 0.3}),
		large,
		sessions(1_000_000, 353.4, 0.45), sessions(1000, 350, 0.46),
		result("redissessions", "count", 10, 16, map[string]float64{record.NsPerOp: 81_000, record.Tries: 2.96, record.Lost: 0}),
		result("scs goredisstore", "count", 10, 16, map[string]float64{record.NsPerOp: 75_000, record.Lost: 15}),
		result("redissessions", "own", 10, 4, map[string]float64{record.NsPerOp: 60_000, record.Tries: 1.5, record.Lost: 0}),
	}}
	sections := GrowthSections(run)
	for name, want := range map[string]string{
		"growth-keys":     "| read / write | 1 key | 10 keys |\n|---|---:|---:|\n| scs goredisstore | 0.50 / 0.40 | 0.30 / – |\n",
		"growth-bytes":    "| read / write | 1 kB | 1 MB |\n|---|---:|---:|\n| scs goredisstore | 0.30 / – | 0.20 / – |\n",
		"growth-sessions": "| memory per session, read | 1,000 | 1,000,000 |\n|---|---:|---:|\n| scs goredisstore | 350 B, 0.46 | 353 B, 0.45 |\n",
		"growth-writers": `| requests at once | 4 | 16 |
|---|---:|---:|
| a key of its own: redissessions | 240 µs, 1.5, 0 | – |
| one counter: scs goredisstore | – | 1.2 ms, –, 15 |
| one counter: redissessions | – | 1.3 ms, 3.0, 0 |
`,
	} {
		if got := sectionText(t, sections, name); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestUserSections(t *testing.T) {
	of := func(app, route string, devices int, values map[string]float64) record.Result {
		r := result(app, route, 3, 1, values)
		r.Sessions, r.Devices = 500_000, devices
		return r
	}
	run := &record.Run{Results: []record.Result{
		of("redissessions", "memory", 5, map[string]float64{record.SessionBytes: 700, record.SessionUsage: 650, record.IndexBytes: 420.4, record.IndexUsage: 400}),
		of("bare", "roundtrip", 20, map[string]float64{record.NsPerOp: 20_000}),
		of("redissessions", "endall", 20, map[string]float64{record.NsPerOp: 90_000, record.Trips: 3}),
		of("bare", "roundtrip", 1, map[string]float64{record.NsPerOp: 25_000}),
		of("redissessions", "login", 1, map[string]float64{record.NsPerOp: 50_000, record.Trips: 2}),
		of("redissessions", "sessions", 1, map[string]float64{record.NsPerOp: 75_000, record.Trips: 2, record.IndexUsage: 120}),
	}}
	sections := UserSections(run)
	for name, want := range map[string]string{
		"users-memory": `100,000 users with 5 sessions each, of 3 keys of 100 bytes:

|  | used_memory, divided | MEMORY USAGE of a sample |
|---|---:|---:|
| one session's record | 700 B | 650 B |
| one user's index | 420 B | 400 B |
`,
		"users-time": `| sessions of the user | 1 | 20 |
|---|---:|---:|
| a round trip: one GET | 25 µs | 20 µs |
` + "| `Session.Login` of a visitor without a session | 50 µs, × 2.0, 2 | – |\n" +
			"| `Factory.Ticket` | – | – |\n" +
			"| `Factory.Sessions` | 75 µs, × 3.0, 2 | – |\n" +
			"| `Factory.EndAll` | – | 90 µs, × 4.5, 3 |\n" +
			"| memory of the index | 120 B | – |\n",
	} {
		if got := sectionText(t, sections, name); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
	if got := sectionText(t, UserSections(nil), "users-time"); !strings.HasPrefix(got, "Not recorded yet") {
		t.Errorf("without a record the section is %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{duration(math.NaN()), "–"},
		{duration(149), "0.1 µs"},
		{duration(-20), "0.0 µs"},
		{duration(-260), "-0.3 µs"},
		{duration(9_949), "9.9 µs"},
		{duration(9_951), "10 µs"},
		{duration(999_400), "999 µs"},
		{duration(1_250_000), "1.2 ms"},
		{duration(12_345_678), "12 ms"},
		{signed("0.1 µs"), "+0.1 µs"},
		{signed("-0.1 µs"), "-0.1 µs"},
		{signed(none), "–"},
		{trips(2), "2"},
		{trips(1.05), "1.1"},
		{thousands(999), "999"},
		{thousands(1000), "1,000"},
		{thousands(1_234_567), "1,234,567"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

func TestPage(t *testing.T) {
	const page = "# Speed\n\n<!-- made by make bench-record: a -->\nold\n<!-- end -->\nbetween\n<!-- made by make bench-record: b -->\n<!-- end -->\n"
	const want = "# Speed\n\n<!-- made by make bench-record: a -->\n\nnew a\n\n<!-- end -->\nbetween\n<!-- made by make bench-record: b -->\n\nnew b\n\n<!-- end -->\n"
	a, b, c := Section{Name: "a", Text: "new a\n"}, Section{Name: "b", Text: "new b\n"}, Section{Name: "c"}
	got, err := Page(page, []Section{a, b})
	if err != nil || got != want {
		t.Errorf("%q, %v, want\n%q", got, err, want)
	}
	if again, err := Page(got, []Section{a, b}); err != nil || again != got {
		t.Errorf("a second time it is %q, %v", again, err)
	}
	if _, err := Page(page, []Section{a, b, c}); err == nil {
		t.Error("a section without a place is no error")
	}
	if _, err := Page(page, []Section{a}); err == nil {
		t.Error("a place without a section is no error")
	}
}
