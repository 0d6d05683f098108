package handlertest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

const (
	// tick is how often the scheduler looks whether a request waits for its next
	// operation. On a machine that does other things too, the request gets its share of
	// the time between two ticks.
	tick = 20 * time.Millisecond
	// grace is how many ticks a request may take between two operations before it counts
	// as one that waits for another request, on a mutex of the application's, say. Then
	// another one goes on.
	grace = 25
	// patience is how many ticks the scheduler waits when no request reaches its next operation.
	patience = 1500
)

// scheduler lets one request at a time go on, from one of its operations to the next, and
// decides by a seed which one that is.
type scheduler struct {
	clock  *clock
	rng    *rand.Rand
	sticky float64       // how likely the last request goes on
	event  chan struct{} // a request waits for an operation, or has ended

	mu       sync.Mutex
	tasks    []*task
	waiting  []*turn
	over     bool // the run has ended: what a handler has left behind waits for no turn
	last     *task
	steps    []*step
	sessions map[string]string // keys in the store, as the schedule names them
}

// task is one request.
type task struct {
	sched   *scheduler
	number  int
	name    string
	running bool
	ended   bool
}

// turn is what a request waits for before an operation.
type turn struct {
	task *task
	step *step
	at   time.Time // the end of a pause
	come chan struct{}
}

// step is a line of the schedule.
type step struct {
	task   *task
	what   string
	result string
}

func newScheduler(c *clock, seed uint64) *scheduler {
	rng := rand.New(rand.NewPCG(seed, 0))
	return &scheduler{clock: c, rng: rng, sticky: rng.Float64() * 0.8, event: make(chan struct{}, 1), sessions: map[string]string{}}
}

// start begins a task, whose body runs when choose has given it its first turn.
func (s *scheduler) start(name string, body func(t *task)) {
	s.mu.Lock()
	t := &task{sched: s, number: len(s.tasks) + 1, name: name, running: true}
	s.tasks = append(s.tasks, t)
	s.mu.Unlock()
	go func() {
		defer func() {
			s.mu.Lock()
			t.running, t.ended = false, true
			s.mu.Unlock()
			s.happened()
		}()
		t.wait(&step{task: t, what: "begins"}, time.Time{})
		body(t)
	}()
}

// end lets go on what waits for a turn, such as a goroutine that has outlived its request.
func (s *scheduler) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, w := range s.waiting {
		close(w.come)
	}
	s.waiting = nil
}

func (s *scheduler) happened() {
	select {
	case s.event <- struct{}{}:
	default:
	}
}

// run lets the tasks go on until all have ended.
func (s *scheduler) run() error {
	defer s.end()
	for {
		if !s.settle(grace) {
			s.blocked()
		}
		next := s.choose()
		switch {
		case next != nil:
			close(next.come)
		case s.allEnded():
			return nil
		case !s.settleUntil(patience, func() bool { return s.hasWaiting() || s.allEnded() }):
			return s.stuck()
		}
	}
}

// settle waits until no task runs. It reports false after patience ticks.
func (s *scheduler) settle(ticks int) bool {
	return s.settleUntil(ticks, func() bool { return !s.busy() })
}

func (s *scheduler) settleUntil(ticks int, settled func() bool) bool {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for !settled() {
		select {
		case <-s.event:
		case <-ticker.C:
			if ticks--; ticks < 0 {
				return settled()
			}
		}
	}
	return true
}

func (s *scheduler) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.tasks, func(t *task) bool { return t.running })
}

// blocked marks the running tasks as waiting for another task.
func (s *scheduler) blocked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return
	}
	for _, t := range s.tasks {
		t.running = false
	}
}

// stuck is the failure of an interleaving in which no request goes on.
func (s *scheduler) stuck() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, t := range s.tasks {
		if !t.ended {
			all = append(all, fmt.Errorf("%s waits for another request, or for something that does not come, such as the end of its context", t.name))
		}
	}
	return errors.Join(all...)
}

func (s *scheduler) hasWaiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) > 0
}

func (s *scheduler) allEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(s.tasks, func(t *task) bool { return !t.ended })
}

// choose returns the turn that comes next, or nil when no task waits for one. A pause that
// is chosen is over.
func (s *scheduler) choose() *turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return nil
	}
	slices.SortStableFunc(s.waiting, func(a, b *turn) int { return a.task.number - b.task.number })
	at := slices.IndexFunc(s.waiting, func(t *turn) bool { return t.task == s.last && t.at.IsZero() })
	if at < 0 || s.rng.Float64() >= s.sticky {
		at = s.rng.IntN(len(s.waiting))
	}
	next := s.waiting[at]
	s.waiting = slices.Delete(s.waiting, at, at+1)
	if left := next.at.Sub(s.clock.Now()); !next.at.IsZero() && left > 0 {
		s.clock.advance(left)
	}
	s.last, next.task.running = next.task, true
	s.steps = append(s.steps, next.step)
	return next
}

// wait returns when choose has given the task its turn.
func (t *task) wait(st *step, at time.Time) {
	next := &turn{task: t, step: st, at: at, come: make(chan struct{})}
	t.sched.mu.Lock()
	if t.sched.over {
		t.sched.mu.Unlock()
		return
	}
	t.running = false
	t.sched.waiting = append(t.sched.waiting, next)
	t.sched.mu.Unlock()
	t.sched.happened()
	<-next.come
}

// await returns when choose has given an operation its turn. done takes its result.
func (t *task) await(op, key string) (done func(error)) {
	st := &step{task: t, what: op}
	if key != "" {
		st.what += " " + t.sched.nameOf(op, key)
	}
	t.wait(st, time.Time{})
	return func(err error) {
		t.sched.mu.Lock()
		defer t.sched.mu.Unlock()
		_, conflict := errors.AsType[*session.ConflictError](err)
		switch {
		case conflict:
			st.result = ": another request has changed it"
		case errors.Is(err, session.ErrNotFound):
			st.result = ": it is gone"
		case err != nil:
			st.result = ": " + err.Error()
		}
	}
}

// pause returns when the scheduler has let the time pass.
func (t *task) pause(d time.Duration) {
	t.wait(&step{task: t, what: "pauses"}, t.sched.clock.Now().Add(d))
}

// nameOf names a session, or a user's index, by when it first came up.
func (s *scheduler) nameOf(op, key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, ok := s.sessions[key]
	if !ok {
		kind := "session"
		if op == opAdd || op == opTakeOut || op == opList || op == opEnd {
			kind = "the sessions of user"
		}
		name = fmt.Sprintf("%s %c", kind, 'A'+len(s.sessions)%26)
		s.sessions[key] = name
	}
	return name
}

// operations returns how many operations have had their turn.
func (s *scheduler) operations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.steps) - len(s.tasks) // each begins
}

// schedule returns the operations in their order, one a line.
func (s *scheduler) schedule() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	width := 0
	for _, t := range s.tasks {
		width = max(width, len(t.name))
	}
	var b strings.Builder
	for i, st := range s.steps {
		fmt.Fprintf(&b, "\t%3d  %-*s  %s%s\n", i+1, width, st.task.name, st.what, st.result)
	}
	return b.String()
}
