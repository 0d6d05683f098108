package session

import (
	"encoding/json"
	"strings"
	"testing"
)

// marked is text and cents a number whose stored forms are others.
type (
	marked string
	cents  int
)

func (m marked) MarshalText() ([]byte, error) { return []byte("marked:" + string(m)), nil }
func (m *marked) UnmarshalText(b []byte) error {
	*m = marked(strings.TrimPrefix(string(b), "marked:"))
	return nil
}
func (c cents) MarshalJSON() ([]byte, error) { return json.Marshal(int(c) * 100) }
func (c *cents) UnmarshalJSON(b []byte) error {
	var n int
	err := json.Unmarshal(b, &n)
	*c = cents(n / 100)
	return err
}

// A type that decodes itself is what it was, also when the stored form is text or a
// number as the type is.
func TestValueOfTypesThatDecodeThemselves(t *testing.T) {
	everyFormat(t, func(t *testing.T, edit func(*Options)) {
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		v.visit(func(s *Session) { s.Set("text", marked("x")); s.Set("number", cents(7)); s.Flash("", marked("x")) })
		for range 3 {
			v.visit(func(s *Session) {
				s.Get("text")
				if got, ok := Value[marked](s, "text"); got != "x" || !ok {
					t.Errorf("text: %q, %v", got, ok)
				}
				if got, ok := Value[cents](s, "number"); got != 7 || !ok {
					t.Errorf("number: %d, %v", got, ok)
				}
				Modify(s, "text", func(old marked) marked { return old })
				Modify(s, "number", func(old cents) cents { return old })
			})
		}
		v.visit(func(s *Session) {
			if got := PopFlash[marked](s, ""); len(got) != 1 || got[0] != "x" {
				t.Errorf("flash: %q", got)
			}
		})
	})
}
