// Package measure lets applications take turns and says how they compare.
package measure

import (
	"math"
	"slices"

	"github.com/pyramidgo/redissessions/bench/internal/load"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// Bare is the application that all others are compared with.
const Bare = "bare"

// Median returns the middle of some numbers, or NaN when there are none.
func Median(numbers []float64) float64 {
	if len(numbers) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(numbers))
	i := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[i]
	}
	return (sorted[i-1] + sorted[i]) / 2
}

// quantile returns the latency that a share of all is not above. It sorts what
// it is given.
func quantile(latencies []uint32, share float64) float64 {
	slices.Sort(latencies)
	i := int(math.Ceil(share*float64(len(latencies)))) - 1
	return float64(latencies[max(0, i)])
}

// round has one sample of each application.
type round map[string]load.Sample

// summarize returns what an application's rounds say, in as many results as
// wanted: each stands for rounds that follow one another. The bare handler of
// the same round is what a sample is compared with, so that whatever slows the
// machine down for a while slows both.
//
// A ratio is one of times, so it has all that the requests took, collections of garbage too.
// What a request takes more is a difference of a microsecond or two, and a collection in one
// sample and none in the other is as much. So it is the difference of the two median latencies.
func summarize(cell record.Cell, app string, rounds []round, results int) []record.Result {
	results = max(1, min(results, len(rounds)))
	var out []record.Result
	for i := range results {
		part := rounds[i*len(rounds)/results : (i+1)*len(rounds)/results]
		var ns, ratios, extra []float64
		var latencies []uint32
		r := record.Result{Cell: cell, App: app, Values: map[string]float64{}}
		for _, round := range part {
			sample := round[app]
			own, bare := sample.NsPerRequest(), round[Bare].NsPerRequest()
			ns, ratios = append(ns, own), append(ratios, bare/own)
			extra = append(extra, quantile(sample.Latencies, 0.50)-quantile(round[Bare].Latencies, 0.50))
			latencies = append(latencies, sample.Latencies...)
			r.Requests += sample.Requests
		}
		r.Values[record.NsPerOp] = math.Round(Median(ns))
		r.Values[record.Ratio] = significant(Median(ratios))
		r.Values[record.ExtraNs] = math.Round(Median(extra))
		r.Values[record.P50] = quantile(latencies, 0.50)
		r.Values[record.P99] = quantile(latencies, 0.99)
		out = append(out, r)
	}
	return out
}

// significant leaves four digits after the point, which is more than is known.
func significant(x float64) float64 { return math.Round(x*1e4) / 1e4 }
