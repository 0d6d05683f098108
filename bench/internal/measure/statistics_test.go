package measure

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/load"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		in := slices.Clone(test.in)
		if got := Median(in); got != test.want {
			t.Errorf("Median(%v) = %v, want %v", test.in, got, test.want)
		}
		if !slices.Equal(in, test.in) {
			t.Errorf("Median has changed its argument to %v", in)
		}
	}
	if got := Median(nil); !math.IsNaN(got) {
		t.Errorf("Median of nothing = %v, want NaN", got)
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]uint32, 100)
	for i := range hundred {
		hundred[i] = uint32(100 - i)
	}
	for share, want := range map[float64]float64{0: 1, 0.5: 50, 0.99: 99, 1: 100} {
		if got := quantile(hundred, share); got != want {
			t.Errorf("quantile(1..100, %v) = %v, want %v", share, got, want)
		}
	}
	if got := quantile([]uint32{7}, 0.99); got != 7 {
		t.Errorf("quantile of one = %v, want 7", got)
	}
}

// sample returns a sample of ten requests that took so many microseconds each.
func sample(us int) load.Sample {
	return load.Sample{
		Requests: 10, Took: time.Duration(10*us) * time.Microsecond,
		Latencies: slices.Repeat([]uint32{uint32(1000 * us)}, 10),
	}
}

// TestRatiosAreTakenPerRound has a machine that gets three times slower and
// slower. The ratio of the medians would be 1.5; that of each round is 0.5.
func TestRatiosAreTakenPerRound(t *testing.T) {
	rounds := []round{
		{Bare: sample(10), "other": sample(20)},
		{Bare: sample(30), "other": sample(60)},
		{Bare: sample(90), "other": sample(180)},
	}
	got := summarize(record.Cell{}, "other", rounds, 1)
	if len(got) != 1 {
		t.Fatalf("%d results, want 1", len(got))
	}
	for unit, want := range map[string]float64{
		record.Ratio: 0.5, record.NsPerOp: 60_000, record.ExtraNs: 30_000, record.P50: 60_000, record.P99: 180_000,
	} {
		if got[0].Values[unit] != want {
			t.Errorf("%s is %v, want %v", unit, got[0].Values[unit], want)
		}
	}
	if got[0].Requests != 30 {
		t.Errorf("%d requests, want 30", got[0].Requests)
	}
	if bare := summarize(record.Cell{}, Bare, rounds, 1)[0].Values[record.Ratio]; bare != 1 {
		t.Errorf("the bare handler's ratio is %v, want 1", bare)
	}
}

// TestExtraIsThatOfMostRequests has a bare handler of which each sample had one request that
// waited 100 µs. The difference of the averages would be 0.
func TestExtraIsThatOfMostRequests(t *testing.T) {
	waited := sample(10)
	waited.Took += 90 * time.Microsecond
	waited.Latencies[3] += 90_000
	rounds := []round{{Bare: waited, "other": sample(19)}, {Bare: waited, "other": sample(19)}}
	if got := summarize(record.Cell{}, "other", rounds, 1)[0].Values[record.ExtraNs]; got != 9000 {
		t.Errorf("a request takes %v ns more, want 9000", got)
	}
}

func TestSummarizeParts(t *testing.T) {
	rounds := []round{
		{Bare: sample(10), "other": sample(10)},
		{Bare: sample(10), "other": sample(20)},
		{Bare: sample(10), "other": sample(40)},
	}
	var ratios []float64
	for _, r := range summarize(record.Cell{}, "other", rounds, 3) {
		ratios = append(ratios, r.Values[record.Ratio])
	}
	if want := []float64{1, 0.5, 0.25}; !slices.Equal(ratios, want) {
		t.Errorf("ratios %v, want %v", ratios, want)
	}
	if got := summarize(record.Cell{}, "other", rounds, 9); len(got) != 3 {
		t.Errorf("%d results of 3 rounds", len(got))
	}
}
