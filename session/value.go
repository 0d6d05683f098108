package session

import "github.com/pyramidgo/redissessions/session/internal/overlay"

// Value returns the value at key as a T, or the zero T and false when there is none
// that is exactly a T. A number becomes another type of number only when nothing of
// it is lost. A map that was loaded becomes a struct and a list a slice; no type
// needs to be registered. A bool, text, bytes, a time and nil become nothing else:
// a number is no time and a time no text. Only with the codec json, which stores
// times and bytes as text, text in the form of RFC 3339 is a time too, and base64
// is bytes. The caller may change the result: unlike what Get returns, it is not
// part of the session, unless this request has set that very value.
func Value[T any](s *Session, key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return overlay.Value[T](&s.data, key)
}

// Pop is Session.Pop for a value that can be a T, by the rules of [Value]. A value that
// cannot be one stays in the session, and the result is false: nothing is lost that the
// caller has not got.
func Pop[T any](s *Session, key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := overlay.Value[T](&s.data, key)
	if ok {
		s.data.Pop(key)
	}
	return v, ok
}

// Modify is Session.Modify for values of a type T. f gets the old value as Value
// would return it: the zero T when the key is absent or holds what no T can be
// made of.
//
//	session.Modify(s, "visits", func(n int) int { return n + 1 })
func Modify[T any](s *Session, key string, f func(old T) T) {
	s.Modify(key, func(old any) any {
		t, ok := old.(T)
		if !ok && old != nil && s.data.Convert(old, &t) != nil {
			t = *new(T)
		}
		return f(t)
	})
}
