package record_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

func TestRoundTrip(t *testing.T) {
	run := &record.Run{
		Settings: []record.Setting{{Key: "goos", Value: "linux"}, {Key: "redis", Value: "7.0.15"}},
		Results: []record.Result{
			{
				Cell:     record.Cell{Route: "read", Via: record.ViaCall, Keys: 10, ValueBytes: 100, AtOnce: 1},
				App:      "gorilla boj/redistore",
				Requests: 1000,
				Values: map[string]float64{
					record.NsPerOp: 25123, record.Ratio: 0.4123, record.ExtraNs: -12, record.P50: 24000, record.P99: 41000,
					record.Allocs: 31.5, record.Bytes: 2048, record.Trips: 1, record.Sent: 80, record.Received: 1100,
				},
			},
			{
				Cell:     record.Cell{Route: "write", Via: record.ViaHTTP, Keys: 3, ValueBytes: 100, AtOnce: 256, Sliding: true, Sessions: 1000000},
				App:      "redissessions auto_pipeline=on",
				Requests: 1,
				Values:   map[string]float64{record.SessionBytes: 353.25},
			},
			{
				Cell:     record.Cell{Route: "write", Via: record.ViaHTTP, Server: record.Valkey, Keys: 10, ValueBytes: 100, AtOnce: 1},
				App:      "redissessions",
				Requests: 10,
				Values:   map[string]float64{record.Ratio: 0.88},
			},
			{
				Cell:     record.Cell{Route: "endall", Via: record.ViaCall, Keys: 3, ValueBytes: 100, AtOnce: 1, Sessions: 500000, Devices: 20, Nodes: 3},
				App:      "redissessions",
				Requests: 200,
				Values:   map[string]float64{record.Tries: 2.5, record.Lost: 0, record.ServerNs: 8123, record.CommandNs: 900, record.Busy: 0.5, record.Least: 0.33, record.Most: 0.34, record.IndexBytes: 353.25, record.IndexUsage: 1100, record.SessionUsage: 512},
			},
		},
	}
	var text bytes.Buffer
	if err := run.Write(&text); err != nil {
		t.Fatal(err)
	}
	const line = "BenchmarkRead/via=call/keys=10/value=100/at-once=1/sliding=no/app=gorilla+boj~redistore 1000 25123 ns/op 0.4123 ratio"
	if !strings.Contains(text.String(), line) {
		t.Errorf("no line %q in\n%s", line, &text)
	}
	got, err := record.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, run) {
		t.Errorf("read\n%+v, want\n%+v", got, run)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{
		"BenchmarkRead/via=call/keys=x/app=a 1 1 ns/op\n",
		"BenchmarkRead/colour=red/app=a 1 1 ns/op\n",
		"BenchmarkRead/keys=10 1 1 ns/op\n",
		"BenchmarkRead/keys=10/app=a one 1 ns/op\n",
	} {
		if _, err := record.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q is read without an error", text)
		}
	}
}
