package connecttest

import (
	"testing"
	"testing/synctest"
	"time"
)

// By a clock that nothing delays, Ran is exact to a tick.
func TestRan(t *testing.T) {
	for _, took := range []time.Duration{0, ranTick / 2, 3*time.Second + ranTick/2} {
		synctest.Test(t, func(t *testing.T) {
			got := Ran(func() {
				if took > 0 {
					<-time.After(took)
				}
			})
			if got > took || got < took-ranTick {
				t.Errorf("%v is %v", took, got)
			}
		})
	}
}
