package session_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// usersScheduler decides by a seed which store operation is carried out next, of all that
// are waiting: those of several tasks, and those that one task sends at once. It runs in a
// synctest bubble, which tells it when every goroutine waits.
type usersScheduler struct {
	rng    *rand.Rand
	faults bool

	mu      sync.Mutex
	waiting []*storeOp
	running int
	step    int
	trace   []string
}

type storeOp struct {
	task      *schedTask
	name, key string
	resume    chan opFate
}

type opFate int

const (
	carriedOut opFate = iota
	replyLost         // carried out, but the caller does not learn it
	crashed           // the process ends before it
)

// schedTask is one request, or one call of the Factory's, in a process of its own.
type schedTask struct {
	name    string
	kind    string
	sched   *usersScheduler
	crashed bool
}

type schedKey struct{}

var (
	errCrashed   = errors.New("the process has crashed")
	errLostReply = fmt.Errorf("%w: the reply was lost", session.ErrUnavailable)
)

func (s *usersScheduler) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step++
	return s.step
}

// start runs a task whose store operations wait for their turns.
func (s *usersScheduler) start(name, kind string, body func(ctx context.Context, t *schedTask)) {
	t := &schedTask{name: name, kind: kind, sched: s}
	s.mu.Lock()
	s.running++
	s.mu.Unlock()
	go func() {
		t.await("begin", "")
		body(context.WithValue(context.Background(), schedKey{}, t), t)
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
	}()
}

// run lets the tasks run until all have returned.
func (s *usersScheduler) run() {
	for {
		synctest.Wait()
		s.mu.Lock()
		if s.running == 0 {
			s.mu.Unlock()
			return
		}
		if len(s.waiting) == 0 { // for timers
			s.mu.Unlock()
			pass(time.Millisecond)
			continue
		}
		slices.SortFunc(s.waiting, func(a, b *storeOp) int {
			return cmp.Or(cmp.Compare(a.task.name, b.task.name), cmp.Compare(a.name, b.name), cmp.Compare(a.key, b.key))
		})
		i := s.rng.IntN(len(s.waiting))
		op := s.waiting[i]
		s.waiting = slices.Delete(s.waiting, i, i+1)
		fate := carriedOut
		if s.faults && op.name != "begin" {
			switch s.rng.IntN(60) {
			case 0:
				fate = replyLost
			case 1:
				fate = crashed
			}
		}
		s.step++
		s.trace = append(s.trace, fmt.Sprintf("%d %s %s %s%s", s.step, op.task.name, op.name, op.key, []string{"", " (reply lost)", " (crash)"}[fate]))
		s.mu.Unlock()
		pass(time.Millisecond) // no two logins at the same time
		op.resume <- fate
	}
}

func (t *schedTask) await(name, key string) opFate {
	op := &storeOp{t, name, key, make(chan opFate)}
	t.sched.mu.Lock()
	t.sched.waiting = append(t.sched.waiting, op)
	t.sched.mu.Unlock()
	return <-op.resume
}

// usersStore lets a scheduler decide about every operation, and may be made to leave out a
// piece of the protocol. It has the operations of a Cluster: one command after the other.
type usersStore struct {
	session.Store
	without string
}

// oneServerStore is a usersStore with those of one server. What a server does at one moment,
// as a script does, is one operation to the scheduler. A pipeline is several: others come
// in between, and when the connection breaks or the process ends, the server has carried
// out the first of them.
type oneServerStore struct{ usersStore }

var (
	_ session.EntryStore = oneServerStore{}
	_ session.BatchStore = oneServerStore{}
)

func (o oneServerStore) CreateEntered(ctx context.Context, key string, rec []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch) (state session.IndexState, created, added error) {
	created = o.Create(ctx, key, rec, ttl)
	if created != nil && !errors.Is(created, session.ErrExists) {
		return state, created, nil
	}
	for i, set := range e.Sets {
		s, err := o.IndexAdd(ctx, set, e.Member, until, seen)
		if err != nil && !errors.Is(err, session.ErrEnded) { // the pipeline has no further replies
			return session.IndexState{}, err, nil
		}
		if i == 0 {
			state, seen = s, session.AnyEpoch
		}
		added = errors.Join(added, err)
	}
	return state, created, added
}

func (o oneServerStore) ReplaceLeaving(ctx context.Context, key string, guard, rec []byte, ttl time.Duration, e session.Entry) error {
	if o.without == "entry with record" {
		if err := o.leaveFirst(ctx, e); err != nil {
			return err
		}
		return o.Replace(ctx, key, guard, rec, ttl)
	}
	return o.do(ctx, "ReplaceLeaving", key, func() error {
		return o.Store.(session.EntryStore).ReplaceLeaving(ctx, key, guard, rec, ttl, e)
	})
}

func (o oneServerStore) RemoveLeaving(ctx context.Context, key string, guard []byte, e session.Entry) error {
	if o.without == "entry with record" {
		if err := o.leaveFirst(ctx, e); err != nil {
			return err
		}
		return o.Remove(ctx, key, guard)
	}
	return o.do(ctx, "RemoveLeaving", key, func() error {
		return o.Store.(session.EntryStore).RemoveLeaving(ctx, key, guard, e)
	})
}

// leaveFirst removes an entry before its record is closed, as must not be.
func (o oneServerStore) leaveFirst(ctx context.Context, e session.Entry) error {
	var errs []error
	for _, set := range e.Sets {
		errs = append(errs, o.IndexRemove(ctx, set, e.Member))
	}
	return errors.Join(errs...)
}

func (o oneServerStore) LoadEach(ctx context.Context, keys []string) ([]session.Loaded, error) {
	loaded := make([]session.Loaded, len(keys))
	for i, key := range keys {
		rec, err := o.Load(ctx, key, 0)
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			return nil, err
		}
		loaded[i] = session.Loaded{Record: rec, Err: err}
	}
	return loaded, nil
}

func (o oneServerStore) RemoveEach(ctx context.Context, keys []string, guards [][]byte) ([]error, error) {
	errs := make([]error, len(keys))
	for i, key := range keys {
		errs[i] = o.Remove(ctx, key, guards[i])
		if errors.Is(errs[i], errCrashed) || errors.Is(errs[i], session.ErrUnavailable) {
			return nil, errs[i]
		}
	}
	return errs, nil
}

// do carries an operation out when its turn has come.
func (u usersStore) do(ctx context.Context, name, key string, op func() error) error {
	t, _ := ctx.Value(schedKey{}).(*schedTask)
	if t == nil {
		return op()
	}
	t.sched.mu.Lock()
	dead := t.crashed
	t.sched.mu.Unlock()
	if dead {
		return errCrashed
	}
	fate := t.await(name, key)
	t.sched.mu.Lock()
	dead = t.crashed
	t.crashed = t.crashed || fate == crashed
	t.sched.mu.Unlock()
	if dead || fate == crashed {
		return errCrashed
	}
	err := op()
	if fate == replyLost {
		return errLostReply
	}
	return err
}

func (u usersStore) ends(ctx context.Context) bool {
	t, _ := ctx.Value(schedKey{}).(*schedTask)
	return t == nil || t.kind == "endall"
}

func (u usersStore) Load(ctx context.Context, key string, ttl time.Duration) (rec []byte, err error) {
	err = u.do(ctx, "Load", key, func() error { rec, err = u.Store.Load(ctx, key, ttl); return err })
	return rec, err
}

func (u usersStore) Create(ctx context.Context, key string, rec []byte, ttl time.Duration) error {
	if u.without == "tombstone" && u.ends(ctx) {
		return nil
	}
	return u.do(ctx, "Create", key, func() error { return u.Store.Create(ctx, key, rec, ttl) })
}

func (u usersStore) Replace(ctx context.Context, key string, guard, rec []byte, ttl time.Duration) error {
	return u.do(ctx, "Replace", key, func() error { return u.Store.Replace(ctx, key, guard, rec, ttl) })
}

func (u usersStore) Expire(ctx context.Context, key string, ttl time.Duration) error {
	return u.do(ctx, "Expire", key, func() error { return u.Store.Expire(ctx, key, ttl) })
}

func (u usersStore) Remove(ctx context.Context, key string, guard []byte) error {
	err := u.do(ctx, "Remove", key, func() error { return u.Store.Remove(ctx, key, guard) })
	if _, ok := errors.AsType[*session.ConflictError](err); ok && u.without == "following markers" && u.ends(ctx) {
		return nil
	}
	return err
}

func (u usersStore) Delete(ctx context.Context, key string) error {
	return u.do(ctx, "Delete", key, func() error { return u.Store.Delete(ctx, key) })
}

func (u usersStore) IndexAdd(ctx context.Context, key string, member []byte, until time.Time, seen session.Epoch) (state session.IndexState, err error) {
	err = u.do(ctx, "IndexAdd", key, func() error {
		state, err = u.Store.(session.UserIndex).IndexAdd(ctx, key, member, until, seen)
		return err
	})
	return state, err
}

func (u usersStore) IndexRemove(ctx context.Context, key string, members ...[]byte) error {
	return u.do(ctx, "IndexRemove", key, func() error {
		return u.Store.(session.UserIndex).IndexRemove(ctx, key, members...)
	})
}

func (u usersStore) IndexList(ctx context.Context, key string) (state session.IndexState, err error) {
	err = u.do(ctx, "IndexList", key, func() error {
		state, err = u.Store.(session.UserIndex).IndexList(ctx, key)
		return err
	})
	return state, err
}

func (u usersStore) IndexClose(ctx context.Context, key string, next session.Epoch, keep time.Duration) (state session.IndexState, err error) {
	err = u.do(ctx, "IndexClose", key, func() error {
		index := u.Store.(session.UserIndex)
		if state, err = index.IndexClose(ctx, key, next, keep); err == nil && u.without == "ZREM last" {
			var members [][]byte
			for _, e := range state.Entries {
				members = append(members, e.Member)
			}
			err = index.IndexRemove(ctx, key, members...)
		}
		return err
	})
	return state, err
}
