package connecttest

import "time"

// ranTick is how often Ran looks at whether f has returned.
const ranTick = 10 * time.Millisecond

// Ran calls f and returns how long it took, without the time in which a busy machine let this
// process wait for a processor: a bound on an answer's time is one on what the program does.
// It counts the ticks that another goroutine gets meanwhile, of which a process that stands
// still misses all but one.
func Ran(f func()) time.Duration {
	done, counted := make(chan struct{}), make(chan int)
	begun := time.Now()
	go func() {
		tick := time.NewTicker(ranTick)
		defer tick.Stop()
		for ticks := 1; ; ticks++ {
			select {
			case <-tick.C:
			case <-done:
				counted <- ticks
				return
			}
		}
	}()
	f()
	took := time.Since(begun)
	close(done)
	return min(took, time.Duration(<-counted)*ranTick)
}
