package session

import (
	"fmt"
	"testing"
)

// What is remembered about routes is bounded.
func TestOncePerRoute(t *testing.T) {
	var o oncePerRoute
	lines := 0
	for range 2 {
		for i := range 3 * maxRoutes {
			if o.first(fmt.Sprint("/", i)) {
				lines++
			}
		}
	}
	if lines != maxRoutes || len(o.seen) != maxRoutes {
		t.Errorf("%d lines, %d routes are remembered; want %d", lines, len(o.seen), maxRoutes)
	}
}
