package report

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// httpResult is one line of a run over HTTP, one request at a time.
func httpResult(app, route string, keys int, values map[string]float64) record.Result {
	r := result(app, route, keys, 1, values)
	r.Via = record.ViaHTTP
	return r
}

func TestGoals(t *testing.T) {
	speed := func(x float64) map[string]float64 { return map[string]float64{record.Ratio: x} }
	native := httpResult("redissessions", "write", 10, speed(0.875))
	native.Server = record.Valkey
	elsewhere := httpResult("redissessions", "write", 100, speed(1.5))
	elsewhere.Server = "another"
	many := httpResult("redissessions auto_pipeline=auto", "read", 10, speed(1.2))
	many.AtOnce = 64
	tail := func(app string, ns float64) record.Result {
		return httpResult(app, "create", 10, map[string]float64{record.P99: ns})
	}
	run := &record.Run{Results: []record.Result{
		httpResult("redissessions", "read", 10, speed(0.8951)),
		httpResult("redissessions", "read", 100, speed(0.91)),
		httpResult("redissessions", "write", 10, speed(0.82)),
		httpResult("redissessions", "write", 100, speed(0.58)),
		result("redissessions", "write", 100, 1, speed(0.99)), // in process
		httpResult("redissessions", "create", 10, speed(0.70)),
		httpResult("redissessions", "create", 100, speed(0.52)),
		httpResult("redissessions", "unused", 10, map[string]float64{record.ExtraNs: 1249}),
		httpResult("redissessions", "unused", 100, map[string]float64{record.ExtraNs: 300}),
		native, elsewhere, many,
		tail("bare", 100_000), tail("redissessions", 136_000),
	}}
	const want = `| over HTTP, 10 / 100 keys | goal | measured | |
|---|---:|---:|---|
| read | 0.90 / 0.90 | 0.90 / 0.91 | met |
| write, by script | 0.82 / 0.75 | 0.82 / 0.58 | met / missed by 0.17 |
| write, by compare-and-set (Valkey) | 0.88 / 0.85 | 0.88 / – | met |
| new session | 0.80 / 0.70 | 0.70 / 0.52 | missed by 0.10 / 0.18 |
| session not used | ≤ 1.0 µs / 1.0 µs | 1.2 µs / 0.3 µs | missed by 0.2 µs / met |
| read, 64 at once, auto_pipeline | 1.00 | 1.20 | met |
| 99th percentile of a new session | ≤ 1.20 × / 1.20 × | 1.36 × / – | missed by 0.16 × / – |

Not measured: write, 64 at once, auto_pipeline; read, 256 at once, auto_pipeline; write, 256 at once, auto_pipeline; 99th percentile of a read; 99th percentile of a write.
`
	sections := Sections(run)
	if got := sectionText(t, sections, "goals"); got != want {
		t.Errorf("the goals are\n%s\nwant\n%s", got, want)
	}
	if text := Comparison(run); !strings.HasSuffix(text, "\n## Are the goals met?\n\n"+want) {
		t.Errorf("the goals are not what is printed last:\n%s", text)
	}
	if text := sectionText(t, Sections(&record.Run{}), "goals"); text != "Not measured.\n" {
		t.Errorf("of nothing the goals are\n%s", text)
	}
	const onValkey = "| 10 / 100 keys | write |\n|---|---:|\n| redissessions | 0.88 / – |\n"
	if got := sectionText(t, sections, "valkey"); got != onValkey {
		t.Errorf("on Valkey:\n%s\nwant\n%s", got, onValkey)
	}
}
