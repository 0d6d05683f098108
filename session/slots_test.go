package session

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// The table of slots finds what was put into it, as a map would, however many
// there are and whatever room was made for them.
func TestSlots(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var table slots
		want := map[string]int{}
		size := 1 + random.IntN(300)
		for n := range 2 * size {
			if random.IntN(20) == 0 {
				table.expect(random.IntN(50))
			}
			key := fmt.Sprint(random.IntN(size))
			if got := table.put(slot{key: key, value: n, intent: replaced}); got.key != key || got.value != n {
				t.Fatalf("put returned the slot of %q", got.key)
			}
			want[key] = n
		}
		for i := range size {
			key := fmt.Sprint(i)
			n, known := want[key]
			if sl := table.find(key); (sl != nil) != known || known && sl.value != n {
				t.Fatalf("%d keys: %q is %v, want %v, %v", size, key, sl, n, known)
			}
		}
		if len(table.list) != len(want) {
			t.Fatalf("%d slots for %d keys", len(table.list), len(want))
		}
	}
}

// Many keys at once are set, changed, deleted and added: a save finds its changes
// among them by an index of its own.
func TestManyKeys(t *testing.T) {
	v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
	want := map[string]any{}
	set := func(s *Session, key string, value any) { s.Set(key, value); want[key] = value }
	v.visit(func(s *Session) {
		for i := range 100 {
			set(s, fmt.Sprint("key ", i), i)
		}
	})
	v.visit(func(s *Session) {
		for i := 0; i < 150; i += 2 {
			set(s, fmt.Sprint("key ", i), fmt.Sprint("changed ", i))
		}
		for i := 1; i < 100; i += 4 {
			s.Delete(fmt.Sprint("key ", i))
			delete(want, fmt.Sprint("key ", i))
		}
	})
	v.visit(func(s *Session) {
		if got := maps.Collect(s.All()); !maps.Equal(got, want) {
			t.Errorf("%d keys, want %d:\n%v\n%v", len(got), len(want), got, want)
		}
	})
}
