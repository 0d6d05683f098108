package session_test

import (
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// What a codec makes of a number or a list is no business of the caller's.
func TestModifyOfAType(t *testing.T) {
	everyLayout(t, func(t *testing.T, edit func(*session.Options)) {
		type cart struct{ Apples int }
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		use := func(s *session.Session) {
			session.Modify(s, "visits", func(n int) int { return n + 1 })
			session.Modify(s, "list", func(l []string) []string { return append(l, "x") })
			session.Modify(s, "cart", func(c cart) cart { c.Apples += 2; return c })
			session.Modify(s, "text", func(n int) int { return n + 1 })
		}
		v.visit(func(s *session.Session) { s.Set("text", "no number") })
		v.visit(use)
		v.visit(use)
		v.visit(func(s *session.Session) {
			if n, _ := session.Value[int](s, "visits"); n != 2 {
				t.Errorf("visits: %d, want 2", n)
			}
			if l, _ := session.Value[[]string](s, "list"); !slices.Equal(l, []string{"x", "x"}) {
				t.Errorf("list: %q", l)
			}
			if c, _ := session.Value[cart](s, "cart"); c.Apples != 4 {
				t.Errorf("cart: %+v", c)
			}
			if n, _ := session.Value[int](s, "text"); n != 2 {
				t.Errorf("what was no number: %d, want 2", n)
			}
		})
	})
}

func TestForget(t *testing.T) {
	v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
	v.visit(func(s *session.Session) { s.Set("user", "ann"); s.Remember(30 * 24 * 60 * 60e9) })
	resp := v.visit(func(s *session.Session) { s.Forget() })
	if c := resp.Cookies(); len(c) != 1 || c[0].MaxAge != 0 {
		t.Errorf("cookies %v, want one of browser scope", c)
	}
	v.visit(func(s *session.Session) {
		if s.Timeout() != session.DefaultIdleTimeout || !s.Has("user") {
			t.Errorf("timeout %s, want the factory's, and the data kept", s.Timeout())
		}
	})
}
