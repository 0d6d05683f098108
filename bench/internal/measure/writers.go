package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/load"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/session"
)

// Routes of requests that change one session at once: each a key of its own, or all one
// counter.
const (
	RouteOwn   = "own"
	RouteCount = "count"
)

// Writers says how requests are measured that change the same session at once: all of them
// have loaded it before the first one changes it.
type Writers struct {
	// Redis is host:port.
	Redis string
	// Cells are what is measured, Cell.AtOnce requests in each burst, by the applications of
	// apps.AllContended that are named.
	Cells []WriterCell
	Seed  uint64
}

// WriterCell is one number of requests at once.
type WriterCell struct {
	record.Cell
	Apps   []string
	Bursts int
}

// Take measures all cells. An update that is lost by an application of this library is an
// error.
func (w *Writers) Take(ctx context.Context, emit func([]record.Result) error) error {
	random := rand.New(rand.NewPCG(w.Seed, 0))
	for _, cell := range w.Cells {
		var sites []*writerSite
		for _, app := range apps.AllContended() {
			if !slices.Contains(cell.Apps, app.Name) {
				continue
			}
			site, err := openWriters(app, apps.Config{Redis: w.Redis, Keys: cell.Keys, ValueBytes: cell.ValueBytes})
			if err != nil {
				return err
			}
			defer func() { _ = site.Close() }()
			sites = append(sites, site)
		}
		for i := range cell.Bursts + 1 {
			for _, s := range random.Perm(len(sites)) {
				if err := ctx.Err(); err != nil {
					return err
				}
				if i == 1 {
					sites[s].forget() // the first burst opens connections
				}
				if err := sites[s].burst(cell.Route, cell.AtOnce); err != nil {
					return fmt.Errorf("measure: %s: %w", cell.Name(sites[s].name), err)
				}
			}
		}
		var results []record.Result
		for _, site := range sites {
			results = append(results, site.result(cell.Cell))
		}
		if err := emit(results); err != nil {
			return err
		}
	}
	return nil
}

// writerSite is an application with what was measured of it.
type writerSite struct {
	apps.Site
	name    string
	meeting *meeting
	tries   *triesCounter // nil for an application that checks nothing
	bursts  []float64     // nanoseconds per request
	took    []uint32
	lost    []float64
}

func openWriters(app apps.Contended, cfg apps.Config) (*writerSite, error) {
	s, tries := &writerSite{name: app.Name}, &triesCounter{}
	site, err := app.Open(cfg, func() { s.meeting.arrive() }, tries)
	if err != nil {
		return nil, err
	}
	s.Site = site
	if guarded(app.Name) {
		s.tries = tries
	}
	return s, nil
}

// guarded is whether an application is one of this library, which loses no update.
func guarded(app string) bool { return strings.HasPrefix(app, UserApp) }

func (s *writerSite) forget() {
	s.bursts, s.took, s.lost = nil, nil, nil
	if s.tries != nil {
		s.tries.saves, s.tries.sum = 0, 0
	}
}

// burst lets n requests change a new session at once, and counts the updates in it
// afterwards.
func (s *writerSite) burst(route string, n int) error {
	cookies, err := load.Visitors([]apps.Caller{s}, 1)
	if err != nil {
		return err
	}
	s.meeting = newMeeting(n)
	ends, errs := make([]time.Time, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			answer, err := s.Call(fmt.Sprintf("/%s?n=%d", route, i), cookies[0])
			ends[i] = time.Now()
			if err == nil && answer.Status != http.StatusOK {
				err = fmt.Errorf("status %d: %.200s", answer.Status, answer.Body)
			}
			if errs[i] = err; err != nil {
				s.meeting.begin() // lest the others wait for it
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	last := s.meeting.start
	for _, end := range ends {
		s.took = append(s.took, uint32(end.Sub(s.meeting.start)))
		if end.After(last) {
			last = end
		}
	}
	s.bursts = append(s.bursts, float64(last.Sub(s.meeting.start))/float64(n))

	answer, err := s.Call("/held", cookies[0])
	if err != nil {
		return err
	}
	var own, count int
	if _, err := fmt.Sscanf(answer.Body, "%d %d", &own, &count); err != nil {
		return fmt.Errorf("what the session holds: %q: %w", answer.Body, err)
	}
	lost := n - map[string]int{RouteOwn: own, RouteCount: count}[route]
	if s.tries != nil && lost != 0 {
		return fmt.Errorf("of %d updates %d were lost", n, lost)
	}
	s.lost = append(s.lost, float64(lost))
	return nil
}

func (s *writerSite) result(cell record.Cell) record.Result {
	r := record.Result{Cell: cell, App: s.name, Requests: len(s.took), Values: map[string]float64{
		record.NsPerOp: math.Round(Median(s.bursts)),
		record.P50:     quantile(s.took, 0.50),
		record.P99:     quantile(s.took, 0.99),
		record.Lost:    Median(s.lost),
	}}
	if s.tries != nil {
		r.Values[record.Tries] = math.Round(float64(s.tries.sum)/float64(s.tries.saves)*100) / 100
	}
	return r
}

// meeting is where the requests of a burst wait until all of them have loaded the session.
type meeting struct {
	mu      sync.Mutex
	missing int
	start   time.Time
	begun   chan struct{}
}

func newMeeting(n int) *meeting { return &meeting{missing: n, begun: make(chan struct{})} }

func (m *meeting) arrive() {
	m.mu.Lock()
	m.missing--
	all := m.missing == 0
	m.mu.Unlock()
	if all {
		m.begin()
	}
	<-m.begun
}

// begin lets everyone go, once.
func (m *meeting) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.begun:
	default:
		m.start = time.Now()
		close(m.begun)
	}
}

// triesCounter is an Observer that counts the tries of the saves.
type triesCounter struct {
	mu         sync.Mutex
	saves, sum int
}

// Observe implements session.Observer.
func (c *triesCounter) Observe(_ context.Context, e *session.Event) {
	if e.Op != session.OpSave || e.Tries == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saves++
	c.sum += e.Tries
}
