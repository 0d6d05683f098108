// Package contention decides when a save that met a conflict tries again. Writers of one
// key in this process take turns, and those of several processes pause for random times.
// It knows no record and no store.
package contention

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// ErrConflict is session.ErrConflict.
var ErrConflict = errors.New("session: too many concurrent changes; nothing was saved")

const (
	// largeRecord is the size from which on the writers of one session in this
	// process save strictly one after another once two of them have met. Each
	// conflict transfers the record twice, so that 60 of them at once on 800 kB moved
	// 1.2 GiB.
	largeRecord = 32 << 10
	// turnTries bounds how many times a try a writer of a smaller record waits for its
	// turn, for each of its conflicts but the first. Then it tries without the turn:
	// the command of the writer that has it may have got stuck.
	turnTries = 64
	// leastTry is the least that a try counts as, and longestPause bounds the pauses and
	// these waits.
	leastTry     = 200 * time.Microsecond
	longestPause = time.Second
)

// Writer is one save of the record at Key. Its context bounds it: when that ends, Join
// and Pause return an error that wraps ErrConflict.
type Writer struct {
	Turns     *Turns
	Key       string
	conflicts int
	level     int       // conflicts since the first try, or since the writer has its turn
	began     time.Time // of the try under way
	leave     func()    // gives the turn to the next writer; nil without one
}

// Begin notes when a try begins.
func (c *Writer) Begin() { c.began = time.Now() }

// Join waits for a turn before the first try, when writers of this process take turns at
// the key because of a large record. It reports whether it has waited: then another
// writer has changed the record since it was loaded.
func (c *Writer) Join(ctx context.Context) (waited bool, err error) {
	if !c.Turns.takenForLarge(c.Key) {
		return false, nil
	}
	return c.takeTurn(ctx, true)
}

// Pause prepares another try after a conflict with a record of that size. After the
// first conflict it does not wait, because the conflict's answer carried all that the
// next try needs. Then it waits for its turn among the writers of this process. A writer
// that has the turn meets few but those of other processes: it pauses for a random time, up to
// as many tries as it has had conflicts. Each conflict is another writer's success, so there
// were about as many writers. Pauses that doubled with each conflict made 16 writers in
// four processes take 18 ms, most of it asleep; now they take 8 ms. waited is that of Join.
func (c *Writer) Pause(ctx context.Context, size int) (waited bool, err error) {
	cost := time.Since(c.began)
	c.conflicts++
	c.level++
	if size >= largeRecord && c.leave == nil {
		if waited, err := c.takeTurn(ctx, true); waited || err != nil {
			return waited, err
		}
	}
	if c.level <= 1 {
		return false, c.timedOut(ctx.Err())
	}
	n := c.level
	if c.leave == nil {
		n = turnTries * (c.level - 1)
	}
	short, cancel := context.WithTimeout(ctx, rand.N(tries(n, cost)))
	defer cancel()
	if c.leave == nil {
		if waited, err := c.takeTurn(short, false); err == nil {
			return waited, nil
		}
	}
	<-short.Done()
	return false, c.timedOut(ctx.Err())
}

// tries returns how long n tries take, when the last one took cost.
func tries(n int, cost time.Duration) time.Duration {
	return min(max(cost, leastTry)*time.Duration(n), longestPause)
}

func (c *Writer) takeTurn(ctx context.Context, large bool) (waited bool, err error) {
	c.leave, waited, err = c.Turns.take(ctx, c.Key, large)
	if err == nil {
		c.level = 0
	}
	return waited, c.timedOut(err)
}

// timedOut makes the end of the save's time an ErrConflict.
func (c *Writer) timedOut(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: after %d conflicts: %w", ErrConflict, c.conflicts, err)
}

// End gives the turn, if there is one, to the next writer.
func (c *Writer) End() {
	if c.leave != nil {
		c.leave()
	}
}

// Turns lets the writers of one key go one after another.
type Turns struct {
	mu   sync.Mutex
	keys map[string]*turn
}

// turn is the turn at one key. It exists while a writer has it or waits for it.
type turn struct {
	free  chan struct{} // holds a value while no writer has the turn
	users int
	large bool // one of them writes a large record
}

func (t *Turns) takenForLarge(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := t.keys[key]
	return turn != nil && turn.large
}

// take waits for the turn at a key. waited says that another writer had it.
func (t *Turns) take(ctx context.Context, key string, large bool) (leave func(), waited bool, err error) {
	t.mu.Lock()
	mine := t.keys[key]
	if mine == nil {
		if t.keys == nil {
			t.keys = map[string]*turn{}
		}
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.keys[key] = mine
	}
	mine.users++
	mine.large = mine.large || large
	t.mu.Unlock()
	done := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.keys, key)
		}
	}
	leave = func() {
		mine.free <- struct{}{}
		done()
	}
	select {
	case <-mine.free:
		return leave, false, nil
	default:
	}
	select {
	case <-mine.free:
		return leave, true, nil
	case <-ctx.Done():
		done()
		return nil, true, ctx.Err()
	}
}
