package session

import (
	"encoding/json"
	"strings"
	"testing"
)

// stamped is text and cents a number whose stored forms are others.
type (
	stamped string
	cents   int
)

func (m stamped) MarshalText() ([]byte, error) { return []byte("stamped:" + string(m)), nil }
func (m *stamped) UnmarshalText(b []byte) error {
	*m = stamped(strings.TrimPrefix(string(b), "stamped:"))
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
		v.visit(func(s *Session) { s.Set("text", stamped("x")); s.Set("number", cents(7)); s.Flash("", stamped("x")) })
		for range 3 {
			v.visit(func(s *Session) {
				s.Get("text")
				if got, ok := Value[stamped](s, "text"); got != "x" || !ok {
					t.Errorf("text: %q, %v", got, ok)
				}
				if got, ok := Value[cents](s, "number"); got != 7 || !ok {
					t.Errorf("number: %d, %v", got, ok)
				}
				Modify(s, "text", func(old stamped) stamped { return old })
				Modify(s, "number", func(old cents) cents { return old })
			})
		}
		v.visit(func(s *Session) {
			if got := PopFlash[stamped](s, ""); len(got) != 1 || got[0] != "x" {
				t.Errorf("flash: %q", got)
			}
		})
	})
}
