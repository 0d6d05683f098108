package session_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// Many keys at once are set, changed, deleted and added: a save finds its changes
// among them by an index of its own.
func TestManyKeys(t *testing.T) {
	v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
	want := map[string]any{}
	set := func(s *session.Session, key string, value any) { s.Set(key, value); want[key] = value }
	v.visit(func(s *session.Session) {
		for i := range 100 {
			set(s, fmt.Sprint("key ", i), i)
		}
	})
	v.visit(func(s *session.Session) {
		for i := 0; i < 150; i += 2 {
			set(s, fmt.Sprint("key ", i), fmt.Sprint("changed ", i))
		}
		for i := 1; i < 100; i += 4 {
			s.Delete(fmt.Sprint("key ", i))
			delete(want, fmt.Sprint("key ", i))
		}
	})
	v.visit(func(s *session.Session) {
		if got := maps.Collect(s.All()); !maps.Equal(got, want) {
			t.Errorf("%d keys, want %d:\n%v\n%v", len(got), len(want), got, want)
		}
	})
}
