package handlertest

import (
	"context"
	"sync"
	"time"
)

// clock is the time of a kit: that of the package time, and what it was advanced by. In a
// synctest bubble it is the bubble's.
type clock struct {
	system func() time.Time

	mu       sync.Mutex
	ahead    time.Duration
	advanced chan struct{} // closed by the next advance
}

func newClock() *clock { return &clock{system: time.Now, advanced: make(chan struct{})} }

func (c *clock) Now() time.Time {
	now, _ := c.look()
	return now
}

func (c *clock) look() (now time.Time, advanced <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.system().Add(c.ahead), c.advanced
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	close(c.advanced)
	c.advanced = make(chan struct{})
}

// wait returns when d has passed, whether by itself or by advance.
func (c *clock) wait(ctx context.Context, d time.Duration) error {
	now, advanced := c.look()
	for end := now.Add(d); now.Before(end); now, advanced = c.look() {
		select {
		case <-time.After(end.Sub(now)):
		case <-advanced:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}
