package handlertest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
)

// SeedVariable is the environment variable that replays one interleaving: its value is the
// seed that a failure has printed.
const SeedVariable = "HANDLERTEST_SEED"

// Interleaving is what Kit.Interleave returns. Check runs it.
type Interleaving struct {
	kit      *Kit
	n        int
	handlers []http.Handler
	arrange  func(ada *Visitor)
	checked  atomic.Bool

	ordered, stray int // operations of all runs: those that the seed has put in order, and the others
}

// Run is one interleaving after all of its requests have been answered.
type Run struct {
	// Visitor made the requests. Visitors are all of them, where As was used.
	Visitor  *Visitor
	Visitors []*Visitor
	// Responses are in the order in which the handlers were given. That of a handler which
	// has aborted by panic(http.ErrAbortHandler) is nil.
	Responses []*http.Response
	// Seed makes the same interleaving again.
	Seed uint64

	sched *scheduler
}

// Schedule returns the operations in the order in which the store carried them out, one a
// line.
func (r *Run) Schedule() string { return r.sched.schedule() }

// Interleave runs handlers at once, each with one request of the same visitor, in n
// different interleavings: it decides which request goes on whenever one is about to send
// a command to Redis. Get, Post and Request say what the requests are; a handler without
// them gets a GET request for "/". As makes a request that of another visitor. The
// interleavings have the seeds 0 to n-1: the next run of the test has the same ones, and a
// seed alone makes its interleaving again.
//
// Nothing runs before Check.
//
// A handler that waits for another one outside Redis, such as on a mutex, makes the test
// slower (half a second each time), and in a testing/synctest bubble, whose time does not
// pass meanwhile, it makes it hang. The seed decides neither the order of what a
// handler's own goroutines do nor what depends on random IDs, such as the order in which
// EndAll ends a user's sessions.
func (k *Kit) Interleave(n int, handlers ...http.Handler) *Interleaving {
	i := &Interleaving{kit: k, n: n, handlers: handlers, arrange: func(*Visitor) {}}
	k.t.Cleanup(func() {
		if !i.checked.Load() {
			k.t.Errorf("handlertest: Interleave ran nothing: call Check of what it returned, with what must hold afterwards")
		}
	})
	return i
}

// Arrange prepares the visitor of each run, such as by Set. Where there are several
// visitors, it is called for each.
func (i *Interleaving) Arrange(f func(ada *Visitor)) *Interleaving {
	i.arrange = f
	return i
}

// Check runs the interleavings, each with new visitors and with what was stored before the
// first, and calls f after each. It fails the test at the first for which f returns an
// error, or in which a handler panics, and prints the seed and the order of the commands.
// The environment variable HANDLERTEST_SEED makes it run the interleaving of that seed only.
func (i *Interleaving) Check(f func(run *Run) error) {
	t := i.kit.t
	t.Helper()
	i.checked.Store(true)
	if i.n < 1 || len(i.handlers) == 0 {
		t.Fatalf("handlertest: Interleave(%d) with %d handlers: it needs at least one of each", i.n, len(i.handlers))
	}
	first, n := uint64(0), uint64(i.n)
	if text := os.Getenv(SeedVariable); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("handlertest: %s=%q: it must be the number that a failure has printed", SeedVariable, text)
		}
		first, n = seed, 1
	}
	before, made := i.kit.store.copied(), map[*http.Request]bool{}
	for seed := first; seed < first+n; seed++ {
		i.kit.store.become(before)
		run, err := i.run(seed, made)
		if err == nil {
			err = f(run)
		}
		if err != nil {
			t.Errorf("handlertest: interleaving %d of %d: %v\nseed %d; to run it alone: %s=%d go test -run '%s'\n%s",
				seed-first+1, n, err, seed, SeedVariable, seed, patternOf(t.Name()), run.Schedule())
			return
		}
	}
	if i.ordered == 0 && i.stray > 0 {
		t.Errorf("handlertest: Interleave has put nothing in order: no command came with the context of its request; hand on r.Context(), which fiber's adaptor does not")
	}
}

// patternOf returns what go test -run selects a test by, and no other.
func patternOf(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// run makes the interleaving of a seed. made are the requests of the runs before.
func (i *Interleaving) run(seed uint64, made map[*http.Request]bool) (*Run, error) {
	i.kit.t.Helper()
	run := &Run{Seed: seed, sched: newScheduler(i.kit.clock, seed), Responses: make([]*http.Response, len(i.handlers))}
	requests, sent := make([]*request, len(i.handlers)), make([]*http.Request, len(i.handlers))
	for n, h := range i.handlers {
		requests[n] = requestOf(h)
		if v := requests[n].visitor; v < 0 {
			i.kit.t.Fatalf("handlertest: As(%d): visitors are counted from 0", v)
		}
		r := requests[n].newRequest()
		if made[r] && r.Body != nil && r.Body != http.NoBody {
			i.kit.t.Fatalf("handlertest: Request(%s %s): the same *http.Request again, whose body has been read: make it in the function, which is called once for each run", r.Method, r.URL.Path)
		}
		made[r] = true
		sent[n] = r
		for len(run.Visitors) <= requests[n].visitor {
			v := i.kit.Visitor()
			i.arrange(v)
			run.Visitors = append(run.Visitors, v)
		}
	}
	run.Visitor = run.Visitors[0]
	failures := make([]error, len(requests))
	for n, q := range requests {
		r := sent[n]
		name := fmt.Sprintf("request %d (%s %s)", n+1, r.Method, r.URL.Path)
		run.sched.start(name, func(t *task) {
			failures[n] = fmt.Errorf("%s ended without an answer, as by t.FailNow or runtime.Goexit: report a failure by t.Error, or by the response", name)
			defer func() {
				switch v := recover(); v {
				case nil:
				case http.ErrAbortHandler:
					failures[n] = nil
				default:
					failures[n] = fmt.Errorf("%s panicked: %v", name, v)
				}
			}()
			run.Responses[n] = run.Visitors[q.visitor].send(&call{task: t}, q.handler, r) //nolint:bodyclose // a recorder's
			failures[n] = nil
		})
	}
	before := i.kit.strays()
	err := run.sched.run()
	i.stray += i.kit.strays() - before
	i.ordered += run.sched.operations()
	if err != nil {
		return run, err
	}
	return run, errors.Join(failures...)
}

// request is a handler, with what Interleave is to send to it.
type request struct {
	handler    http.Handler
	newRequest func() *http.Request
	visitor    int
}

// requestOf returns what is sent to a handler.
func requestOf(h http.Handler) *request {
	if q, ok := h.(*request); ok {
		return q
	}
	return &request{handler: h, newRequest: func() *http.Request { return newRequest(http.MethodGet, "/", nil) }}
}

// ServeHTTP answers by the handler, and with the request of q in place of r.
func (q *request) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	own := q.newRequest().WithContext(r.Context())
	for _, line := range r.Header["Cookie"] {
		own.Header.Add("Cookie", line)
	}
	q.handler.ServeHTTP(w, own)
}

// Request is a handler for Interleave, with what makes the request that is sent to it. It
// is called once for each run, because a body can be read once.
func Request(h http.Handler, newRequest func() *http.Request) http.Handler {
	return &request{handler: h, newRequest: newRequest}
}

// Get is a handler for Interleave, with a GET request.
func Get(h http.Handler, target string) http.Handler {
	return Request(h, func() *http.Request { return newRequest(http.MethodGet, target, nil) })
}

// Post is a handler for Interleave, with a form that is sent to it.
func Post(h http.Handler, target string, form url.Values) http.Handler {
	return Request(h, func() *http.Request { return newRequest(http.MethodPost, target, form) })
}

// As makes the request to a handler in Interleave that of another visitor. The first visitor is 0,
// whose requests all others are.
func As(visitor int, h http.Handler) http.Handler {
	q := *requestOf(h)
	q.visitor = visitor
	return &q
}
