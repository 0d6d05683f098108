package report

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// six is a run with six results for each figure of a read, which spread by a hundredth.
func six(cpu string, speeds map[string]float64, allocs float64) *record.Run {
	run := &record.Run{Settings: []record.Setting{{Key: "goos", Value: "linux"}, {Key: "goarch", Value: "amd64"}, {Key: "cpu", Value: cpu}, {Key: "redis", Value: cpu}}}
	for app, speed := range speeds {
		for i := range 6 {
			values := map[string]float64{record.Ratio: speed + 0.002*float64(i), record.Allocs: allocs}
			run.Results = append(run.Results, httpResult(app, "read", 10, values))
		}
	}
	return run
}

func TestAgainst(t *testing.T) {
	red := func(text string) string { return "<" + text + ">" }
	of := func(speed float64) map[string]float64 {
		return map[string]float64{"redissessions": speed, "scs goredisstore": speed}
	}
	noisy := six("a", of(0.88), 20)
	for i := range noisy.Results {
		noisy.Results[i].Values[record.Ratio] = []float64{0.70, 0.95, 0.72, 0.93, 0.74, 0.91}[i%6]
	}
	recorded := six("a", of(0.88), 20)
	const name = "Read/via=http/keys=10/value=100/at-once=1/sliding=no/app=redissessions"
	for about, test := range map[string]struct {
		run  *record.Run
		want string
	}{
		"slower":          {six("a", of(0.80), 20), "Of 2 figures these, by more than 5 %:\n\n<" + name + ": ratio 0.89 → 0.81, -9 % (p=0.002 n=6)>\n"},
		"more":            {six("a", of(0.88), 22), "Of 2 figures these, by more than 5 %:\n\n<" + name + ": allocs/op 20.00 → 22.00, +10 % (p=0.002 n=6)>\n"},
		"slower by 3 %":   {six("a", of(0.855), 20), "None of 2 figures by more than 5 %.\n"},
		"faster":          {six("a", of(0.96), 18), "None of 2 figures by more than 5 %.\n"},
		"perhaps slower":  {noisy, "None of 2 figures by more than 5 %.\n"},
		"another machine": {six("b", of(0.5), 99), "Not compared: the earlier run was made on linux, amd64, a, this one on linux, amd64, b.\n"},
		"others":          {six("a", map[string]float64{"scs goredisstore": 0.5}, 20), "The two runs have no figure in common.\n"},
	} {
		got := Against(recorded, test.run, red)
		if !strings.HasPrefix(got, "\n## What has become slower?\n\n"+test.want) {
			t.Errorf("%s: %s\nwant %s", about, got, test.want)
		}
		if hasGoals := strings.Contains(got, "| read | 0.90 / 0.90 |"); hasGoals != (about != "others") {
			t.Errorf("%s: the goals are there: %t\n%s", about, hasGoals, got)
		}
	}
}
