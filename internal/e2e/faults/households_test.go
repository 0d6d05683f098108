package faults_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

const (
	householdCount = 12
	devicesEach    = 3
)

// households are users of a site, each with several devices, who log in, look at their
// devices, renew, log out and are thrown out until stop.
type households struct {
	t       *testing.T
	site    *site
	all     []*household
	stopped chan struct{}
	wait    sync.WaitGroup
	// window is open while what was acknowledged may be lost: from the look at what the
	// replicas must have until the site answers again.
	window atomic.Bool
	round  atomic.Int64 // counts the windows
	calm   atomic.Bool  // from the window to the audit
	failed atomic.Int64 // answers that were not 200, in the window
}

// household is one user. Its steps come one after the other, but for those that race with
// an EndAll.
type household struct {
	h       *households
	name    string
	careful bool // it leaves its sessions as they are while it is calm
	random  *rand.Rand
	devices [devicesEach]*login // nil for one that is logged out

	mu     sync.Mutex
	past   []*login // those that are not on a device any more
	inARow int
}

// login is what one login led to, with the cookies that its renewals brought.
type login struct {
	cookies []*http.Cookie
	is      loginState
	// windowed says that a step which moved or ended it was not certain to be
	// replicated: what has become of it is not checked.
	windowed bool
	round    int64 // that of the window, when it was made or moved
}

func (l *login) last() *http.Cookie { return l.cookies[len(l.cookies)-1] }

type loginState int

const (
	isLive loginState = iota
	isEnded
	isUnsure // a step failed, and may have been taken or not
)

func newHouseholds(t *testing.T, s *site) *households {
	t.Helper()
	h := &households{t: t, site: s}
	for i := range householdCount {
		h.all = append(h.all, &household{h: h, name: fmt.Sprintf("user-%d", i), careful: i%2 == 0, random: rand.New(rand.NewPCG(uint64(i), 13))})
	}
	return h
}

// start lets the steps begin.
func (h *households) start() {
	h.stopped = make(chan struct{})
	h.calm.Store(false)
	for _, u := range h.all {
		h.wait.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for {
				select {
				case <-h.stopped:
					return
				case <-tick.C:
					u.step()
				}
			}
		})
	}
}

// stop ends the steps.
func (h *households) stop() {
	close(h.stopped)
	h.wait.Wait()
}

// await waits until every household had n steps in a row that were answered.
func (h *households) await(n int) {
	h.t.Helper()
	for _, u := range h.all {
		u.mu.Lock()
		u.inARow = 0
		u.mu.Unlock()
	}
	connecttest.Eventually(h.t, soon, func() error {
		for _, u := range h.all {
			u.mu.Lock()
			inARow := u.inARow
			u.mu.Unlock()
			if inARow < n {
				return fmt.Errorf("%s had %d steps in a row", u.name, inARow)
			}
		}
		return nil
	})
}

// failover opens the window, waits until the replicas have what was acknowledged before,
// kills a primary, waits until the site answers everyone again, and closes the window.
func (h *households) failover(pairs map[*connecttest.Server]*connecttest.Server, kill *connecttest.Server) {
	h.t.Helper()
	h.failed.Store(0)
	h.calm.Store(true)
	h.window.Store(true)
	h.round.Add(1)
	awaitReplicas(h.t, pairs)
	kill.Kill()
	connecttest.Eventually(h.t, soon, func() error {
		if n := h.failed.Load(); n < householdCount {
			return fmt.Errorf("%d steps met the fault", n)
		}
		return nil
	})
	h.await(5)
	h.window.Store(false)
	h.await(3) // no step of the window is under way
}

// audit checks all that is certain, when the steps have stopped: what was ended is out,
// what was logged in is logged in and in the index, and an EndAll ends it.
func (h *households) audit() {
	h.t.Helper()
	ended, live, older := 0, 0, 0
	for _, u := range h.all {
		for _, l := range u.past {
			if l.is == isEnded && !l.windowed {
				ended++
			}
			if err := u.isOut(l); err != nil {
				h.t.Error(err)
			}
		}
		var certain []*login
		for d, l := range u.devices {
			if l != nil && !l.windowed && u.visit(d, l, read, u.name, false) && u.visit(d, l, u.listed(), "listed", false) {
				certain = append(certain, l)
				if l.round < h.round.Load() {
					older++
				}
			}
		}
		if _, err := h.site.sessions.EndAll(h.t.Context(), u.name); err != nil {
			h.t.Errorf("EndAll of %s: %v", u.name, err)
		}
		for _, l := range certain {
			l.is = isEnded
			if err := u.isOut(l); err != nil {
				h.t.Error(err)
			}
		}
		live += len(certain)
		u.past, u.devices = append(u.past, certain...), [devicesEach]*login{}
	}
	h.t.Logf("%s: %d sessions that were ended are out, %d logins are in the index, %d of them from before the fault, which %d steps met",
		h.t.Name(), ended, live, older, h.failed.Load())
	if ended < householdCount || older == 0 {
		h.t.Errorf("%d sessions were certain to be ended, and %d to be logged in since before the fault: too few to say anything", ended, older)
	}
}
