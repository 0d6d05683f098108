package linearizable_test

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// scheduler runs tasks one at a time and decides, by a seed, which of them goes
// on whenever the running one comes to a store operation. The interleaving of
// the operations is therefore the seed's, not the machine's.
type scheduler struct {
	rng    *rand.Rand
	sticky float64    // how likely the running task goes on
	paused chan *task // the running task has stopped
	trace  []string   // what went on, in order
}

// task is one goroutine that a scheduler lets run.
type task struct {
	name   string
	sched  *scheduler
	resume chan struct{}
	next   string // what it is about to do
	done   bool
}

type taskKey struct{}

func newScheduler(rng *rand.Rand) *scheduler {
	return &scheduler{rng: rng, sticky: rng.Float64() * 0.8, paused: make(chan *task)}
}

// run runs the bodies, each under its name, until all have returned.
func (s *scheduler) run(names []string, body func(ctx context.Context, i int)) {
	var waiting []*task
	for i, name := range names {
		t := &task{name: name, sched: s, resume: make(chan struct{}), next: "begin"}
		waiting = append(waiting, t)
		go func() {
			<-t.resume
			body(context.WithValue(context.Background(), taskKey{}, t), i)
			t.done = true
			s.paused <- t
		}()
	}
	at := 0
	for len(waiting) > 0 {
		if at >= len(waiting) || s.rng.Float64() >= s.sticky {
			at = s.rng.IntN(len(waiting))
		}
		t := waiting[at]
		s.trace = append(s.trace, t.name+" "+t.next)
		t.resume <- struct{}{}
		<-s.paused
		if t.done {
			waiting = append(waiting[:at], waiting[at+1:]...)
		}
	}
}

// awaitTurn stops the task that ctx belongs to until its turn comes. Without a
// scheduler it does nothing.
func awaitTurn(ctx context.Context, next string) {
	if t, ok := ctx.Value(taskKey{}).(*task); ok {
		t.next = next
		t.sched.paused <- t
		<-t.resume
	}
}

// scheduledStore pauses before every operation.
type scheduledStore struct{ session.Store }

var _ session.RecordComparer = scheduledStore{}

func (s scheduledStore) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	awaitTurn(ctx, "Load")
	return s.Store.Load(ctx, key, ttl)
}

func (s scheduledStore) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	awaitTurn(ctx, "Create")
	return s.Store.Create(ctx, key, record, ttl)
}

func (s scheduledStore) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	awaitTurn(ctx, "Replace")
	return s.Store.Replace(ctx, key, guard, record, ttl)
}

func (s scheduledStore) Expire(ctx context.Context, key string, ttl time.Duration) error {
	awaitTurn(ctx, "Expire")
	return s.Store.Expire(ctx, key, ttl)
}

func (s scheduledStore) Remove(ctx context.Context, key string, guard []byte) error {
	awaitTurn(ctx, "Remove")
	return s.Store.Remove(ctx, key, guard)
}

func (s scheduledStore) Delete(ctx context.Context, key string) error {
	awaitTurn(ctx, "Delete")
	return s.Store.Delete(ctx, key)
}

func (s scheduledStore) ReplaceRecord(ctx context.Context, key string, guard, old, record []byte, ttl time.Duration) error {
	awaitTurn(ctx, "ReplaceRecord")
	return s.Store.(session.RecordComparer).ReplaceRecord(ctx, key, guard, old, record, ttl)
}

func (s scheduledStore) RemoveRecord(ctx context.Context, key string, guard, old []byte) error {
	awaitTurn(ctx, "RemoveRecord")
	return s.Store.(session.RecordComparer).RemoveRecord(ctx, key, guard, old)
}

func (s scheduledStore) ExpireRecord(ctx context.Context, key string, guard, old []byte, ttl time.Duration) error {
	awaitTurn(ctx, "ExpireRecord")
	return s.Store.(session.RecordComparer).ExpireRecord(ctx, key, guard, old, ttl)
}
