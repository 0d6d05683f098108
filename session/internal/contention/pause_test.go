package contention

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// meet makes a writer begin a try that ends in a conflict, and pause.
func meet(t *testing.T, c *Writer) (waited bool, paused time.Duration) {
	t.Helper()
	c.Begin()
	began := time.Now()
	waited, err := c.Pause(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return waited, time.Since(began)
}

// A writer that meets others with its process's turn keeps all others of the process
// waiting: its pauses grow by one try with each conflict.
func TestPausesWithTheTurnStayShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Writer{Turns: new(Turns), Key: "k"}
		defer c.End()
		for conflicts := range 40 {
			if _, paused := meet(t, &c); paused > time.Duration(conflicts)*leastTry {
				t.Errorf("after %d conflicts it pauses for %v", conflicts, paused)
			}
		}
		for range 10_000 {
			if _, paused := meet(t, &c); paused > longestPause {
				t.Fatalf("it pauses for %v", paused)
			}
		}
	})
}

// A writer waits for its turn, but not for one that does not come.
func TestWaitForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns Turns
		first := Writer{Turns: &turns, Key: "k"}
		meet(t, &first)
		meet(t, &first) // it has its turn
		for conflicts := range 20 {
			c := Writer{Turns: &turns, Key: "k", level: conflicts}
			if waited, paused := meet(t, &c); waited || paused > time.Duration(conflicts)*turnTries*leastTry {
				t.Errorf("after %d conflicts it goes on without its turn after %v; waited: %v", conflicts+1, paused, waited)
			}
		}
		next := Writer{Turns: &turns, Key: "k", level: 20}
		time.AfterFunc(1, first.End)
		if waited, paused := meet(t, &next); !waited || paused != 1 {
			t.Errorf("with its turn it goes on after %v; waited: %v", paused, waited)
		}
		next.End()
	})
}

// server is a record that writers of several processes change. A round trip takes a
// millisecond.
type server struct {
	mu       sync.Mutex
	revision int
	tried    int
}

const roundTrip = time.Millisecond

// save changes the record if it still is the one that was seen, and returns what it is now.
func (s *server) save(seen int) (now int, ok bool) {
	<-time.After(roundTrip / 2)
	s.mu.Lock()
	s.tried++
	if ok = seen == s.revision; ok {
		s.revision++
	}
	now = s.revision
	s.mu.Unlock()
	<-time.After(roundTrip / 2)
	return now, ok
}

// write is the loop of a session's save.
func (s *server) write(ctx context.Context, turns *Turns) error {
	c := Writer{Turns: turns, Key: "k"}
	defer c.End()
	for seen := 0; ; {
		c.Begin()
		now, ok := s.save(seen)
		if ok {
			return nil
		}
		seen = now
		waited, err := c.Pause(ctx, 100)
		if err != nil {
			return err
		}
		if waited {
			<-time.After(roundTrip)
			s.mu.Lock()
			seen = s.revision
			s.mu.Unlock()
		}
	}
}

// Writers of several processes have all saved after a few times what they take one after
// another, and the server gets few tries of each. Pauses that doubled with each conflict took
// 62 ms where there are 16 writers in four processes, and 9.8 tries of 256 in one.
func TestWritersOfSeveralProcesses(t *testing.T) {
	for _, tt := range []struct {
		processes, writers int
		longest            time.Duration
		tries              float64
	}{
		{2, 16, 25 * time.Millisecond, 4},
		{4, 16, 45 * time.Millisecond, 4.7},
		{16, 16, 90 * time.Millisecond, 9},
		{4, 64, 145 * time.Millisecond, 5.5},
		{1, 256, 550 * time.Millisecond, 7.5},
	} {
		rounds := 640 / tt.writers
		var took time.Duration
		tried := 0
		for range rounds {
			synctest.Test(t, func(t *testing.T) {
				s, turns, began := server{}, make([]Turns, tt.processes), time.Now()
				var wg sync.WaitGroup
				for i := range tt.writers {
					wg.Go(func() {
						if err := s.write(t.Context(), &turns[i%len(turns)]); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				took, tried = took+time.Since(began), tried+s.tried
			})
		}
		mean, tries := took/time.Duration(rounds), float64(tried)/float64(rounds*tt.writers)
		if mean > tt.longest || tries > tt.tries {
			t.Errorf("%d writers in %d processes: %v, %.1f tries each", tt.writers, tt.processes, mean, tries)
		}
		t.Logf("%d writers in %d processes: %v, %.1f tries each", tt.writers, tt.processes, mean, tries)
	}
}

// The end of a save's time ends its pauses.
func TestPauseEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns Turns
		c, other := Writer{Turns: &turns, Key: "k"}, Writer{Turns: &turns, Key: "k"}
		meet(t, &other)
		meet(t, &other)
		meet(t, &c)
		ctx, cancel := context.WithTimeout(t.Context(), leastTry)
		defer cancel()
		var err error
		for err == nil { // a pause may be shorter than the save's time
			c.Begin()
			_, err = c.Pause(ctx, 100)
		}
		if !errors.Is(err, ErrConflict) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		other.End()
	})
}
