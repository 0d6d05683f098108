package session

import "github.com/pyramidgo/redissessions/session/internal/record"

// Pop is Session.Pop for a value that can be a T, by the rules of [Value]. A value that
// cannot be one stays in the session, and the result is false: nothing is lost that the
// caller has not got.
func Pop[T any](s *Session, key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := valueOf[T](&s.data, key)
	if ok {
		s.data.pop(key)
	}
	return v, ok
}

// PopFlash is Session.PopFlash for messages that can be a T, by the rules of [Value].
// It returns those, in their order, and takes exactly those out of the queue; the others
// stay there, for Session.PopFlash or for another T. The result is never nil, so that it
// is [] in JSON.
func PopFlash[T any](s *Session, queue string) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, key := &s.data, flashPrefix+queue
	v, _ := w.lookup(key)
	popped := []T{}
	var taken []any
	for _, msg := range asList(v) {
		if t, ok := messageOf[T](w, msg); ok {
			popped, taken = append(popped, t), append(taken, msg)
		}
	}
	if len(taken) > 0 {
		w.takeMessages(key, taken)
	}
	return popped
}

// messageOf returns a message as a T.
func messageOf[T any](w *working, msg any) (T, bool) {
	direct, isT := msg.(T)
	if isT && record.Immutable(msg) {
		return direct, true
	}
	var t T
	if err := w.convert(msg, &t); err != nil {
		return direct, isT
	}
	return t, true
}
