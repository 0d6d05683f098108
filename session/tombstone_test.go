package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// TestVisitorWhoMeetsATombstone: two requests that end a session at once, soon after its
// login, leave a tombstone at its key. The visitor is out, as after any other end: the
// next change begins a session, and visits with the old cookie do not keep the tombstone.
func TestVisitorWhoMeetsATombstone(t *testing.T) {
	for _, format := range formats {
		w := newObserved(t, format, nil)
		v := visitor.New(t)
		if err := w.login(v, "alice"); err != nil {
			t.Fatal(err)
		}
		key := w.records()[0]
		w.redis.Del(t.Context(), key) // by the other request
		if _, err := w.f.EndAll(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		if w.redis.Exists(t.Context(), key).Val() != 1 {
			t.Fatalf("%s: there is no tombstone", format)
		}
		w.read(v)
		if left := w.redis.PTTL(t.Context(), key).Val(); left > time.Minute {
			t.Errorf("%s: a visit has prolonged the tombstone to %s", format, left)
		}
		status := w.as(v, func(_ context.Context, s *session.Session) {
			if s.User() != "" {
				t.Errorf("%s: the session that was ended is there", format)
			}
			s.Set("k", "v")
		})
		if status != 200 {
			t.Errorf("%s: the next change is answered %d", format, status)
		}
		w.as(v, func(_ context.Context, s *session.Session) {
			if got, _ := session.Value[string](s, "k"); got != "v" {
				t.Errorf("%s: the new session holds %q", format, got)
			}
		})
	}
}
