package golden_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// TestARecordOfANewerVersion: a header that this version does not know begins a new session,
// or is an error where the settings say so, and the record stays as it is.
func TestARecordOfANewerVersion(t *testing.T) {
	all := versions(t)
	s := *readFolder(t, all[len(all)-1]).Sessions[0]
	newer := s.Keys[0]
	newer.record = bytes.Clone(newer.record)
	newer.record[2] = 99
	s.Keys = []key{newer}

	unchanged := func(w *world) {
		t.Helper()
		if got, err := w.redis.Get(newer.Key); err != nil || got != string(newer.record) {
			t.Errorf("the record has changed: %x, %v", got, err)
		}
	}
	w := newWorld(t, "goredis", s.ReadAt, &s, nil)
	w.put(&s)
	w.visit(func(_ context.Context, s *session.Session) {
		if !s.IsNew() {
			t.Error("the record is read")
		}
		s.Set("k", "v")
	})
	unchanged(w)
	if n := len(w.redis.Keys()); n != 2 {
		t.Errorf("%d keys are stored, want the newer record and the new session", n)
	}

	s.Settings = with(s.Settings, map[string]string{"deserialized_fails_new": "false"})
	w = newWorld(t, "goredis", s.ReadAt, &s, nil)
	w.put(&s)
	resp := w.send(request(), func(_ http.ResponseWriter, r *http.Request) {
		if _, err := w.sessions.Get(r); err == nil {
			t.Error("with deserialized_fails_new = false there is no error")
		}
	})
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("it is answered %d", resp.StatusCode)
	}
	unchanged(w)
}
