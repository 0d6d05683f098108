package session_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
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
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		v.visit(func(s *session.Session) {
			s.Set("text", stamped("x"))
			s.Set("number", cents(7))
			s.Flash("", stamped("x"))
		})
		for range 3 {
			v.visit(func(s *session.Session) {
				s.Get("text")
				if got, ok := session.Value[stamped](s, "text"); got != "x" || !ok {
					t.Errorf("text: %q, %v", got, ok)
				}
				if got, ok := session.Value[cents](s, "number"); got != 7 || !ok {
					t.Errorf("number: %d, %v", got, ok)
				}
				session.Modify(s, "text", func(old stamped) stamped { return old })
				session.Modify(s, "number", func(old cents) cents { return old })
			})
		}
		v.visit(func(s *session.Session) {
			if got := session.PopFlash[stamped](s, ""); len(got) != 1 || got[0] != "x" {
				t.Errorf("flash: %q", got)
			}
		})
	})
}
