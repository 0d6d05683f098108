package faults_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

const (
	visitorCount = 24
	// pace is the time between two requests of a visitor. All together make about
	// 300 requests a second.
	pace = 80 * time.Millisecond
	// soon is how long a site may take until it works again. Most take a moment,
	// but the machine may be busy.
	soon = time.Minute
)

// traffic is the visitors of a site, who make requests at a steady pace until
// stop.
type traffic struct {
	t        *testing.T
	visitors []*visitor
	stopped  chan struct{}
	wait     sync.WaitGroup

	mu      sync.Mutex
	got     map[int]int // answers by status, since the last note
	longest time.Duration
	texts   map[string]bool // what errors said
}

// newTraffic sends visitors to a site and returns when each has saved a few
// times.
func newTraffic(t *testing.T, s *site) *traffic {
	t.Helper()
	c := &traffic{t: t, stopped: make(chan struct{})}
	c.note()
	for i := range visitorCount {
		v := &visitor{name: fmt.Sprintf("visitor-%d", i), site: s}
		c.visitors = append(c.visitors, v)
		c.wait.Go(func() { c.keepVisiting(v) })
	}
	c.awaitAnswers(3)
	return c
}

// keepVisiting makes requests, three of four of which save something.
func (c *traffic) keepVisiting(v *visitor) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-c.stopped:
			return
		case <-tick.C:
		}
		method := http.MethodPost
		if n%4 == 3 {
			method = http.MethodGet
		}
		got, err := v.visit(method)
		if err != nil {
			c.t.Error(err)
		}
		c.mu.Lock()
		c.got[got.status]++
		c.longest = max(c.longest, got.took)
		if got.status != http.StatusOK {
			c.texts[got.text] = true
		}
		c.mu.Unlock()
	}
}

// stop ends the requests, and then checks that every session holds what was
// confirmed to its visitor.
func (c *traffic) stop() {
	close(c.stopped)
	c.wait.Wait()
	total, lost := 0, 0
	for _, v := range c.visitors {
		got, err := v.visit(http.MethodGet)
		if err != nil || got.status != http.StatusOK {
			c.t.Errorf("in the end %s gets %d %q: %v", v.name, got.status, got.text, err)
		}
		total, lost = total+v.known, lost+v.lost
	}
	c.t.Logf("%s: in the end %d saves are there, %d that had been confirmed were lost", c.t.Name(), total, lost)
}

// note resets the counts of answers.
func (c *traffic) note() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got, c.longest, c.texts = map[int]int{}, 0, map[string]bool{}
}

// seen returns how many answers there were with a status, since the last note.
func (c *traffic) seen(status int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[status]
}

// read reports whether an error's text was among the answers.
func (c *traffic) read(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for seen := range c.texts {
		if strings.Contains(seen, text) {
			return true
		}
	}
	return false
}

// awaitAnswers waits until every visitor has got n pages in a row.
func (c *traffic) awaitAnswers(n int) {
	c.t.Helper()
	for _, v := range c.visitors {
		v.mu.Lock()
		v.inARow = 0
		v.mu.Unlock()
	}
	connecttest.Eventually(c.t, soon, func() error {
		for _, v := range c.visitors {
			v.mu.Lock()
			inARow := v.inARow
			v.mu.Unlock()
			if inARow < n {
				return fmt.Errorf("%s got %d pages in a row; errors were %q", v.name, inARow, c.errorTexts())
			}
		}
		return nil
	})
}

// awaitSeen waits until there were n answers with a status since the last note.
func (c *traffic) awaitSeen(status, n int) {
	c.t.Helper()
	connecttest.Eventually(c.t, soon, func() error {
		if seen := c.seen(status); seen < n {
			return fmt.Errorf("%d answers with status %d, want %d", seen, status, n)
		}
		return nil
	})
}

func (c *traffic) errorTexts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var texts []string
	for text := range c.texts {
		texts = append(texts, text)
	}
	return texts
}

// expectLoss allows every visitor to lose confirmed saves, down to a count that
// is safe, until recover returns.
func (c *traffic) expectLoss(safe func(*visitor) int) {
	for _, v := range c.visitors {
		v.expectLoss(safe(v))
	}
}

// inject brings a fault, and waits for what await waits for.
func (c *traffic) inject(fault, await func()) {
	c.t.Helper()
	c.note()
	fault()
	await()
}

// recover takes the fault away and waits until the site answers every visitor
// again. The site is not restarted.
func (c *traffic) recover(heal func()) {
	c.t.Helper()
	heal()
	healed := time.Now()
	c.awaitAnswers(5)
	var last time.Duration
	for _, v := range c.visitors {
		v.mu.Lock()
		last = max(last, v.failed.Sub(healed))
		v.mu.Unlock()
		v.expectNoLoss()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t.Logf("%s: answers %v, the longest after %v; the last failure was %v after the fault", c.t.Name(), c.got, c.longest.Round(time.Millisecond), last.Round(time.Millisecond))
}
