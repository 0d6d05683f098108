package connecttest

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// Miniredis starts a miniredis on a free port of 127.0.0.1. Its times to live
// pass only by FastForward.
func Miniredis(tb testing.TB) *miniredis.Miniredis {
	tb.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		tb.Fatalf("connecttest: miniredis: %v", err)
	}
	tb.Cleanup(m.Close)
	return m
}
