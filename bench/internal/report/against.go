package report

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// tolerated is by what share a figure may get worse before it is said.
const tolerated = 0.05

// Against says which figures of this library got worse than in an earlier run by more than 5 %,
// each through red, and then what the goals are. The figures are those that do not depend on how
// fast the machine is at the moment: the speed beside the bare handler's, and allocations. A
// difference counts when benchstat's test says that it is not by chance. Runs of different
// machines are not compared.
func Against(earlier, run *record.Run, red func(string) string) string {
	text := "\n## What has become slower?\n\n"
	if was, is := kindOf(earlier), kindOf(run); was != is {
		return text + "Not compared: the earlier run was made on " + was + ", this one on " + is + ".\n" + printedGoals(run)
	}
	old, now := newFigures(earlier), newFigures(run)
	compared := 0
	var worse []string
	for _, name := range ownNames(run) {
		for _, unit := range []struct {
			name      string
			direction float64 // of what is worse
		}{{record.Ratio, -1}, {record.Allocs, 1}} {
			key := name + " " + unit.name
			before, after := old.values[key], now.values[key]
			if len(before) == 0 || len(after) == 0 {
				continue
			}
			compared++
			change := changeOf(before, after)
			if change.isSure && change.share*unit.direction > tolerated {
				worse = append(worse, fmt.Sprintf("%s: %s %s → %s, %+.0f %% (%s)\n", name, unit.name,
					decimals(change.before, 2), decimals(change.after, 2), 100*change.share, change.test))
			}
		}
	}
	switch {
	case compared == 0:
		text += "The two runs have no figure in common.\n"
	case len(worse) == 0:
		text += fmt.Sprintf("None of %d figures by more than %.0f %%.\n", compared, 100*tolerated)
	default:
		text += fmt.Sprintf("Of %d figures these, by more than %.0f %%:\n\n", compared, 100*tolerated)
		for _, line := range worse {
			text += red(strings.TrimSuffix(line, "\n")) + "\n"
		}
	}
	return text + printedGoals(run)
}

// printedGoals are the goals as they are printed.
func printedGoals(run *record.Run) string { return printed(Sections(run)[:1]) }

// kindOf says what kind of machine a run was made on.
func kindOf(run *record.Run) string {
	var kind []string
	for _, key := range []string{"goos", "goarch", "cpu"} {
		for _, s := range run.Settings {
			if s.Key == key {
				kind = append(kind, s.Value)
			}
		}
	}
	return strings.Join(kind, ", ")
}

// ownNames are the names of the benchmarks of this library, in the order of the run.
func ownNames(run *record.Run) []string {
	var names []string
	for _, r := range run.Results {
		if name := r.Name(r.App); strings.HasPrefix(r.App, ours) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// change is how a figure differs between two runs.
type change struct {
	before, after float64 // medians
	share         float64
	isSure        bool
	test          string
}

func changeOf(before, after []float64) change {
	sample := func(values []float64) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	}
	old, now := sample(before), sample(after)
	c := change{
		before: benchmath.AssumeNothing.Summary(old, 0.95).Center,
		after:  benchmath.AssumeNothing.Summary(now, 0.95).Center,
	}
	c.share = c.after/c.before - 1
	test := benchmath.AssumeNothing.Compare(old, now)
	c.isSure, c.test = test.P < test.Alpha, test.String()
	return c
}
