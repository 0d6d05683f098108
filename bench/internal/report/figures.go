// Package report makes tables, a plot and the page that shows them of a
// recorded run.
package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// figures finds the figures of a run.
type figures struct {
	apps   []string // in the order of the run
	values map[string][]float64
}

func newFigures(run *record.Run) *figures {
	f := &figures{values: map[string][]float64{}}
	for _, r := range run.Results {
		if !slices.Contains(f.apps, r.App) {
			f.apps = append(f.apps, r.App)
		}
		for unit, v := range r.Values {
			key := r.Name(r.App) + " " + unit
			f.values[key] = append(f.values[key], v)
		}
	}
	return f
}

// of returns the median of what was recorded, or NaN.
func (f *figures) of(c record.Cell, app, unit string) float64 {
	return measure.Median(f.values[c.Name(app)+" "+unit])
}

// none stands where nothing was measured.
const none = "–"

// ratio writes how an application compares with the bare handler, and for the
// bare handler how long it takes.
func (f *figures) ratio(c record.Cell, app string) string {
	if app == measure.Bare {
		return duration(f.of(c, app, record.NsPerOp))
	}
	return decimals(f.of(c, app, record.Ratio), 2)
}

// extra writes what a request takes more than the bare handler's, where the
// bare handler does nothing and a ratio would say nothing.
func (f *figures) extra(c record.Cell, app string) string {
	if app == measure.Bare {
		return duration(f.of(c, app, record.NsPerOp))
	}
	return signed(duration(f.of(c, app, record.ExtraNs)))
}

// over writes how much more of something a request needs than the bare
// handler's.
func (f *figures) over(unit string, write func(float64) string) writer {
	return func(c record.Cell, app string) string {
		if app == measure.Bare {
			return write(f.of(c, app, unit))
		}
		return signed(write(f.of(c, app, unit) - f.of(c, measure.Bare, unit)))
	}
}

// plain writes a figure as it is.
func (f *figures) plain(unit string, write func(float64) string) writer {
	return func(c record.Cell, app string) string { return write(f.of(c, app, unit)) }
}

// latency writes the median and the 99th percentile.
func (f *figures) latency(c record.Cell, app string) string {
	p50, p99 := duration(f.of(c, app, record.P50)), duration(f.of(c, app, record.P99))
	if p50 == none {
		return none
	}
	return p50 + ", " + p99
}

// traffic writes bytes sent and received.
func (f *figures) traffic(c record.Cell, app string) string {
	sent, received := f.of(c, app, record.Sent), f.of(c, app, record.Received)
	if math.IsNaN(sent) {
		return none
	}
	return fmt.Sprintf("%.0f, %.0f", sent, received)
}

// signed puts a plus before what is more.
func signed(text string) string {
	if text == none || text[0] == '-' {
		return text
	}
	return "+" + text
}

func decimals(x float64, n int) string {
	if math.IsNaN(x) {
		return none
	}
	text := strconv.FormatFloat(x, 'f', n, 64)
	if text[0] == '-' && x > -math.Pow(10, -float64(n))/2 {
		text = text[1:] // no minus before a zero
	}
	return text
}

// duration writes nanoseconds as microseconds, or as milliseconds from one
// upwards.
func duration(ns float64) string {
	if math.Abs(ns) < 999_500 {
		return withUnit(twoDigits(ns/1e3), "µs")
	}
	return withUnit(twoDigits(ns/1e6), "ms")
}

// twoDigits writes at least two digits.
func twoDigits(x float64) string {
	if math.Abs(x) < 9.95 {
		return decimals(x, 1)
	}
	return decimals(x, 0)
}

func kilobytes(bytes float64) string { return withUnit(decimals(bytes/1000, 1), "kB") }

func whole(x float64) string { return decimals(x, 0) }

// trips are whole numbers unless something is wrong with an application.
func trips(x float64) string {
	if math.IsNaN(x) {
		return none
	}
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}

func withUnit(number, unit string) string {
	if number == none {
		return none
	}
	return number + " " + unit
}
