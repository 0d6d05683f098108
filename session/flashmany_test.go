package session_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// Each message of a queue is encoded a few times at most, however many there are: a
// codec that counts what it encodes sees no work that grows with the square.
func TestManyMessagesAreEncodedOnce(t *testing.T) {
	const many = 1000
	encoded := 0
	counting := standardJSON
	inner := counting.Encode
	counting.Encode = func(v any) ([]byte, error) {
		if m, ok := v.(map[string]any); ok {
			for _, value := range m {
				if list, ok := value.([]any); ok {
					encoded += len(list)
				}
			}
		}
		return inner(v)
	}
	v := newVisitor(t, newTestFactory(t, newMemStore(), func(o *session.Options) { o.Codec = counting }))
	for range 2 {
		v.visit(func(s *session.Session) {
			for i := range many {
				s.Flash("", i)
			}
		})
	}
	if encoded > 20*many {
		t.Errorf("%d messages were encoded for %d", encoded, 2*many)
	}
	v.visit(func(s *session.Session) {
		if got := s.PopFlash(""); len(got) != 2*many || got[many] != 0.0 {
			t.Errorf("%d messages", len(got))
		}
	})
}
