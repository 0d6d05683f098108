package measure

import (
	"fmt"
	"math"
	"net/http"
	"runtime"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/load"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/wire"
)

// What is counted, not timed, needs few requests.
const (
	countedForMemory  = 300
	countedForTraffic = 20
)

// visit makes one request of each visitor and returns an error when one fails.
func visit(c apps.Caller, route string, cookies []string) error {
	for _, cookie := range cookies {
		answer, err := c.Call(route, cookie)
		if err != nil {
			return err
		}
		if answer.Status >= http.StatusMultipleChoices {
			return fmt.Errorf("measure: %s: status %d", route, answer.Status)
		}
	}
	return nil
}

// visitors returns the Cookie headers for n requests of a route: one visitor
// for each where the request ends the session, no cookie where it begins one.
func visitors(c apps.Caller, route string, n int) ([]string, error) {
	cookies := make([]string, n)
	switch route {
	case "/create":
		return cookies, nil
	case "/invalidate":
		return load.Visitors([]apps.Caller{c}, n)
	}
	one, err := load.Visitors([]apps.Caller{c}, 1)
	if err != nil {
		return nil, err
	}
	for i := range cookies {
		cookies[i] = one[0]
	}
	return cookies, nil
}

// Memory adds to a result what one request allocates, in this process. Of
// three counts the lowest is taken, since a collection empties pools and other
// goroutines allocate too.
func Memory(r *record.Result, c apps.Caller) error {
	route := "/" + r.Route
	allocs, bytes := math.Inf(1), math.Inf(1)
	for range 3 {
		cookies, err := visitors(c, route, countedForMemory)
		if err != nil {
			return err
		}
		if err := visit(c, route, cookies[:1]); err != nil {
			return err
		}
		cookies = cookies[1:]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := visit(c, route, cookies); err != nil {
			return err
		}
		runtime.ReadMemStats(&after)
		n := float64(len(cookies))
		allocs = min(allocs, float64(after.Mallocs-before.Mallocs)/n)
		bytes = min(bytes, float64(after.TotalAlloc-before.TotalAlloc)/n)
	}
	r.Values[record.Allocs] = math.Round(allocs*10) / 10
	r.Values[record.Bytes] = math.Round(bytes)
	return nil
}

// Traffic adds to a result what one request sends through a proxy, which the
// application must have been opened with.
func Traffic(r *record.Result, c apps.Caller, proxy *wire.Proxy) error {
	route := "/" + r.Route
	cookies, err := visitors(c, route, countedForTraffic)
	if err != nil {
		return err
	}
	// The first request may open a connection or load a script.
	if err := visit(c, route, cookies[:1]); err != nil {
		return err
	}
	cookies = cookies[1:]
	before := proxy.Traffic()
	if err := visit(c, route, cookies); err != nil {
		return err
	}
	traffic, n := proxy.Traffic().Minus(before), float64(len(cookies))
	r.Values[record.Trips] = math.Round(float64(traffic.RoundTrips)/n*100) / 100
	r.Values[record.Sent] = math.Round(float64(traffic.Sent) / n)
	r.Values[record.Received] = math.Round(float64(traffic.Received) / n)
	return nil
}
