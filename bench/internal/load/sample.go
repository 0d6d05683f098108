// Package load asks an application for pages and takes the time.
package load

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
)

// Order says what one sample asks for.
type Order struct {
	Route string
	// Callers are as many as there are requests at once.
	Callers []apps.Caller
	// Cookies are the visitors' Cookie headers. Each caller is one visitor
	// after another of its own: no two requests for one session are under way
	// at the same time.
	Cookies []string
	// Once makes every visitor come once only; the sample ends when all have.
	Once bool
	// For is how long to ask.
	For time.Duration
}

// Sample is what came of an order.
type Sample struct {
	// Requests is how many there were, and Took the time from the first one's
	// beginning to the last one's end.
	Requests int
	Took     time.Duration
	// Latencies are in nanoseconds, in no order.
	Latencies []uint32
}

// NsPerRequest returns the nanoseconds that a request took on average while as
// many were under way as were ordered.
func (s Sample) NsPerRequest() float64 { return float64(s.Took.Nanoseconds()) / float64(s.Requests) }

// Run carries out an order. It stops at the first request that fails.
func Run(o Order) (Sample, error) {
	turns := newTurns(o)
	if conns := crowd(o.Callers); conns != nil {
		return askCrowd(conns, o, turns)
	}

	latencies := make([][]uint32, len(o.Callers))
	for i := range latencies {
		// Enough for most samples, so that none grows while time is taken.
		latencies[i] = make([]uint32, 0, 1+int(o.For/time.Microsecond)/len(o.Callers)/4)
	}
	errs := make([]error, len(o.Callers))
	var wait sync.WaitGroup
	begin := make(chan struct{})
	var start, deadline time.Time
	for i, caller := range o.Callers {
		wait.Go(func() {
			<-begin
			latencies[i], errs[i] = ask(caller, o.Route, turns.of(i), deadline, latencies[i])
		})
	}
	start = time.Now()
	deadline = start.Add(o.For)
	close(begin)
	wait.Wait()

	s := Sample{Took: time.Since(start)}
	for i, l := range latencies {
		if errs[i] != nil {
			return s, errs[i]
		}
		s.Requests += len(l)
		s.Latencies = append(s.Latencies, l...)
	}
	if s.Requests == 0 {
		return s, fmt.Errorf("load: %s: no request was made", o.Route)
	}
	return s, nil
}

// ask makes requests until the deadline, or until there is no further visitor.
func ask(c apps.Caller, route string, next func() (cookie string, ok bool), deadline time.Time, latencies []uint32) ([]uint32, error) {
	before := time.Now()
	for {
		cookie, ok := next()
		if !ok {
			return latencies, nil
		}
		answer, err := c.Call(route, cookie)
		if err = succeeded(route, answer, err); err != nil {
			return latencies, err
		}
		after := time.Now()
		latencies = append(latencies, latency(after.Sub(before)))
		if !after.Before(deadline) {
			return latencies, nil
		}
		before = after
	}
}

// succeeded returns an error for an answer that is not the page.
func succeeded(route string, answer apps.Answer, err error) error {
	if err == nil && answer.Status >= http.StatusMultipleChoices {
		err = fmt.Errorf("load: %s: status %d", route, answer.Status)
	}
	return err
}

// latency is as a Sample holds it.
func latency(d time.Duration) uint32 { return uint32(min(d, 1<<32-1)) }

// turns deals the visitors out to the callers.
type turns struct {
	order Order
	used  atomic.Int64
}

func newTurns(o Order) *turns { return &turns{order: o} }

// of returns the function that names the next visitor of one caller.
func (t *turns) of(caller int) func() (string, bool) {
	cookies, step := t.order.Cookies, len(t.order.Callers)
	if t.order.Once {
		return func() (string, bool) {
			i := int(t.used.Add(1)) - 1
			if i >= len(cookies) {
				return "", false
			}
			return cookies[i], true
		}
	}
	if len(cookies) == 0 {
		return func() (string, bool) { return "", true }
	}
	i := caller
	return func() (string, bool) {
		cookie := cookies[i%len(cookies)]
		if i += step; i >= len(cookies) {
			i = caller
		}
		return cookie, true
	}
}
