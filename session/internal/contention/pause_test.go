package contention

import (
	"testing"
	"time"
)

// A writer that has its process's turn keeps all others of the process waiting: its
// pauses grow to 32 tries, and those of a writer without the turn to a second.
func TestPauseWithTheTurnStaysShort(t *testing.T) {
	for level := 2; level < 40; level++ {
		with, without := Writer{level: level, leave: func() {}}, Writer{level: level}
		if got := with.longest(time.Millisecond); got > 32*time.Millisecond || got < 2*time.Millisecond {
			t.Errorf("level %d: %v", level, got)
		}
		if got := without.longest(time.Millisecond); level > 10 && got != longestPause {
			t.Errorf("level %d without the turn: %v", level, got)
		}
	}
}
