package session

import (
	"iter"
)

// Get returns the value at key. It is the stored value itself: a map or slice
// that is changed in place is saved with the session (see Changed). What comes
// back from Redis has the type it was set with when it is nil, a bool, a
// number, a string, []byte, time.Time or time.Duration; other values come back
// as map[string]any, []any and the like, and [Value] turns them into a type of
// the caller's.
func (s *Session) Get(key string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.lookup(key)
}

// Set sets the value at key. Setting an equal value is no change. A value that
// cannot be encoded makes the save fail, with an error that names the key.
func (s *Session) Set(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	s.data.set(key, value)
}

// SetDefault sets the value at key only when the key is absent, and returns
// what is there then.
func (s *Session) SetDefault(key string, value any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.data.lookup(key); ok {
		return old
	}
	s.edited()
	s.data.amend(key, func(old any, ok bool) (any, bool) {
		if ok {
			return old, true
		}
		return value, true
	})
	return value
}

// Delete deletes a key. An absent key is fine.
func (s *Session) Delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	s.data.remove(key)
}

// Pop deletes a key and returns its value. It takes away exactly what it
// returns: a value that another request sets meanwhile stays.
func (s *Session) Pop(key string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.data.pop(key)
	if ok {
		s.edited()
	}
	return v, ok
}

func (w *working) pop(key string) (any, bool) {
	popped, ok := w.lookup(key)
	if !ok {
		return nil, false
	}
	if sl := w.slots.find(key); sl != nil && sl.intent == replaced {
		w.remove(key)
		return popped, true
	}
	taken := w.copyOf(popped) // what is returned is the caller's to change
	w.amend(key, func(old any, ok bool) (any, bool) {
		if ok && w.equal(old, taken) {
			return nil, false
		}
		return old, ok
	})
	return popped, true
}

// Update sets all the values.
func (s *Session) Update(values map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(values) > 0 {
		s.edited()
	}
	s.data.slots.expect(len(values))
	for k, v := range values {
		s.data.set(k, v)
	}
}

// Clear deletes every key, also those that another request sets meanwhile, and
// with them the flash queues and the CSRF token. The ID, the timeout and the
// cookie stay.
func (s *Session) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	s.data.clear()
}

// Has reports whether the key is there.
func (s *Session) Has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.has(key)
}

// Len returns the number of keys.
func (s *Session) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.data.keys())
}

// Keys returns the keys, sorted. A Pyramid application may also have set keys
// that are not text: they stay where they are, but no method shows them, and only
// Clear takes them away.
func (s *Session) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.keys()
}

// All iterates over the keys, sorted, and their values, as they are when the
// iteration begins. The loop may use the session.
func (s *Session) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, key := range s.Keys() {
			if v, ok := s.Get(key); ok && !yield(key, v) {
				return
			}
		}
	}
}

// Changed says that a stored value was changed in place. It is needed only
// with detect_changes off (Options.IgnoreDeepChanges), and does no harm.
func (s *Session) Changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = true
}
