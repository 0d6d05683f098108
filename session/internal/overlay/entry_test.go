package overlay

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The entries find what was put into it, as a map would, however many
// there are and whatever room was made for them.
func TestEntries(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var table entries
		want := map[string]int{}
		size := 1 + random.IntN(300)
		for n := range 2 * size {
			if random.IntN(20) == 0 {
				table.grow(random.IntN(50))
			}
			key := fmt.Sprint(random.IntN(size))
			if got := table.put(entry{key: key, value: n, state: override}); got.key != key || got.value != n {
				t.Fatalf("put returned the entry of %q", got.key)
			}
			want[key] = n
		}
		for i := range size {
			key := fmt.Sprint(i)
			n, known := want[key]
			if e := table.find(key); (e != nil) != known || known && e.value != n {
				t.Fatalf("%d keys: %q is %v, want %v, %v", size, key, e, n, known)
			}
		}
		if len(table.list) != len(want) {
			t.Fatalf("%d entries for %d keys", len(table.list), len(want))
		}
	}
}

// A clone keeps its edits when the entries that it was made of get more.
func TestCloneKeepsItsEdits(t *testing.T) {
	var table entries
	edit := func(any, bool) (any, bool) { return nil, false }
	table.put(entry{key: "k"}).addEdit(edit, nil)
	c := table.clone()
	table.find("k").addEdit(edit, nil)
	c.find("k").addEdit(edit, nil)
	c.find("k").addEdit(edit, nil)
	if n, of := len(c.find("k").edits()), len(table.find("k").edits()); n != 3 || of != 2 {
		t.Errorf("the clone has %d edits, want 3; the other %d, want 2", n, of)
	}
}
