package session

// Modify replaces the value at key by f of the old one, nil when the key is
// absent. It survives concurrent requests: when another request has changed the
// session meanwhile, f runs again on the current value at the save, so it should
// do nothing else, and it must not use the session. A nil result for an absent
// key leaves it absent.
//
// old has the type that Get would return. The function [Modify] is the same for
// a type of the caller's.
func (s *Session) Modify(key string, f func(old any) any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	s.data.amend(key, func(old any, ok bool) (any, bool) {
		v := f(old)
		return v, ok || v != nil
	})
}

// Modify is Session.Modify for values of a type T. f gets the old value as Value
// would return it: the zero T when the key is absent or holds what no T can be
// made of.
//
//	session.Modify(s, "visits", func(n int) int { return n + 1 })
func Modify[T any](s *Session, key string, f func(old T) T) {
	s.Modify(key, func(old any) any {
		t, ok := old.(T)
		if !ok && old != nil && s.data.convert(old, &t) != nil {
			t = *new(T)
		}
		return f(t)
	})
}
