package session_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// formats are all there are.
var formats = []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis}

// ofFormat returns the edit of Options for a format.
func ofFormat(format session.Format) func(*session.Options) {
	return func(o *session.Options) { o.Format = format }
}

// edits makes one edit of several.
func edits(all ...func(*session.Options)) func(*session.Options) {
	return func(o *session.Options) {
		for _, edit := range all {
			edit(o)
		}
	}
}

// inEachFormat runs a test for a store and options of every format.
func inEachFormat(t *testing.T, test func(t *testing.T, store *memStore, format func(*session.Options))) {
	t.Helper()
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) { test(t, newMemStore(), ofFormat(format)) })
	}
}
