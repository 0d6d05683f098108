//go:build race

package session_test

// raceEnabled says that the race detector is on: a sync.Pool then drops one in four of the
// values that it is given.
const raceEnabled = true
