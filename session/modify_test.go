package session

import (
	"slices"
	"testing"
)

// What a codec makes of a number or a list is no business of the caller's.
func TestModifyOfAType(t *testing.T) {
	everyLayout(t, func(t *testing.T, edit func(*Options)) {
		type cart struct{ Apples int }
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		use := func(s *Session) {
			Modify(s, "visits", func(n int) int { return n + 1 })
			Modify(s, "list", func(l []string) []string { return append(l, "x") })
			Modify(s, "cart", func(c cart) cart { c.Apples += 2; return c })
			Modify(s, "text", func(n int) int { return n + 1 })
		}
		v.visit(func(s *Session) { s.Set("text", "no number") })
		v.visit(use)
		v.visit(use)
		v.visit(func(s *Session) {
			if n, _ := Value[int](s, "visits"); n != 2 {
				t.Errorf("visits: %d, want 2", n)
			}
			if l, _ := Value[[]string](s, "list"); !slices.Equal(l, []string{"x", "x"}) {
				t.Errorf("list: %q", l)
			}
			if c, _ := Value[cart](s, "cart"); c.Apples != 4 {
				t.Errorf("cart: %+v", c)
			}
			if n, _ := Value[int](s, "text"); n != 2 {
				t.Errorf("what was no number: %d, want 2", n)
			}
		})
	})
}

func TestForget(t *testing.T) {
	v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
	v.visit(func(s *Session) { s.Set("user", "ann"); s.Remember(30 * 24 * 60 * 60e9) })
	resp := v.visit(func(s *Session) { s.Forget() })
	if c := resp.Cookies(); len(c) != 1 || c[0].MaxAge != 0 {
		t.Errorf("cookies %v, want one of browser scope", c)
	}
	v.visit(func(s *Session) {
		if s.Timeout() != DefaultIdleTimeout || !s.Has("user") {
			t.Errorf("timeout %s, want the factory's, and the data kept", s.Timeout())
		}
	})
}
