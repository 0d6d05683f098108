package recent_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/session/internal/recent"
)

func TestKeys(t *testing.T) {
	var k recent.Keys
	k.Remove("a")
	if k.Has("a") || k.Has("") {
		t.Error("an empty set has a key")
	}
	k.Add("a")
	k.Add("a")
	k.Add("")
	if !k.Has("a") || !k.Has("") || k.Has("b") {
		t.Error("it does not have what was added, or has what was not")
	}
	k.Remove("a")
	k.Remove("b")
	if k.Has("a") || !k.Has("") {
		t.Error("it has what was removed, or lost what was not")
	}
}

func TestStop(t *testing.T) {
	var k recent.Keys
	k.Add("a")
	k.Stop()
	k.Add("b")
	if k.Has("a") || k.Has("b") {
		t.Error("it has a key after Stop")
	}
}

// With half as many keys as there is room for hardly one is lost, and of many more the
// last ones are there.
func TestKeysAreBounded(t *testing.T) {
	var k recent.Keys
	add := func(from, n int) (kept int) {
		for i := range n {
			k.Add(strconv.Itoa(from + i))
		}
		for i := range n {
			if k.Has(strconv.Itoa(from + i)) {
				kept++
			}
		}
		return kept
	}
	if kept := add(0, recent.Most/2); kept < recent.Most/2*95/100 {
		t.Errorf("of %d keys it has %d", recent.Most/2, kept)
	}
	add(recent.Most, 4*recent.Most)
	if kept := add(8*recent.Most, recent.Most/4); kept < recent.Most/4*95/100 {
		t.Errorf("of the last %d keys it has %d", recent.Most/4, kept)
	}
}

func TestKeysByGoroutines(t *testing.T) {
	var (
		k  recent.Keys
		wg sync.WaitGroup
	)
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				own, shared := strconv.Itoa(g*10_000+i), strconv.Itoa(-i-1)
				k.Add(own)
				k.Add(shared)
				if !k.Has(own) {
					t.Error("it lost a key while there was room")
				}
				k.Remove(own)
				if k.Has(own) {
					t.Error("it has a key that was removed")
				}
			}
		})
	}
	wg.Wait()
	k.Add("last")
	if !k.Has("last") {
		t.Error("it does not have the last key")
	}
}

// BenchmarkHas is what a load pays for the look.
func BenchmarkHas(b *testing.B) {
	const key = "session:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	b.Run("empty", func(b *testing.B) {
		var k recent.Keys
		for b.Loop() {
			k.Has(key)
		}
	})
	b.Run("full", func(b *testing.B) {
		var k recent.Keys
		for i := range recent.Most {
			k.Add(strconv.Itoa(i))
		}
		for b.Loop() {
			k.Has(key)
		}
	})
}
