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
	crowdSize = 24
	// pace is how often each visitor comes: all together about 300 times a
	// second.
	pace = 80 * time.Millisecond
	// soon is how long a site may take to be well again. Most are in a moment;
	// a machine that does ten other things needs its time.
	soon = time.Minute
)

// crowd is the visitors of a site, who come at a steady pace until they leave.
type crowd struct {
	t        *testing.T
	visitors []*visitor
	gone     chan struct{}
	wait     sync.WaitGroup

	mu      sync.Mutex
	got     map[int]int // answers by status, since the last note
	longest time.Duration
	texts   map[string]bool // what errors said
}

// newCrowd sends visitors to a site and returns when each has saved a few
// times.
func newCrowd(t *testing.T, s *site) *crowd {
	t.Helper()
	c := &crowd{t: t, gone: make(chan struct{})}
	c.note()
	for i := range crowdSize {
		v := &visitor{name: fmt.Sprintf("visitor-%d", i), site: s}
		c.visitors = append(c.visitors, v)
		c.wait.Go(func() { c.keepComing(v) })
	}
	c.awaitAnswers(3)
	return c
}

// keepComing makes requests, three of four of which save something.
func (c *crowd) keepComing(v *visitor) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-c.gone:
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

// leave lets the visitors go, and then checks that every session holds what its
// visitor knows.
func (c *crowd) leave() {
	close(c.gone)
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

// note begins to count answers anew.
func (c *crowd) note() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got, c.longest, c.texts = map[int]int{}, 0, map[string]bool{}
}

// seen returns how many answers there were with a status, since the last note.
func (c *crowd) seen(status int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[status]
}

// read reports whether an error's text was among the answers.
func (c *crowd) read(text string) bool {
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
func (c *crowd) awaitAnswers(n int) {
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
func (c *crowd) awaitSeen(status, n int) {
	c.t.Helper()
	connecttest.Eventually(c.t, soon, func() error {
		if seen := c.seen(status); seen < n {
			return fmt.Errorf("%d answers with status %d, want %d", seen, status, n)
		}
		return nil
	})
}

func (c *crowd) errorTexts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var texts []string
	for text := range c.texts {
		texts = append(texts, text)
	}
	return texts
}

// expectLoss lets every visitor lose what was saved but for a count that is
// safe, until the site is well again.
func (c *crowd) expectLoss(safe func(*visitor) int) {
	for _, v := range c.visitors {
		v.expectLoss(safe(v))
	}
}

// suffer brings a fault, and waits until felt says
// that there was enough of it.
func (c *crowd) suffer(fault func(), felt func()) {
	c.t.Helper()
	c.note()
	fault()
	felt()
}

// recover takes the fault away and waits until the site is well again, with
// nothing done to it.
func (c *crowd) recover(heal func()) {
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
