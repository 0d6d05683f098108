package session

import (
	"iter"
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/overlay"
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
	return s.data.Get(key)
}

// Set sets the value at key. Setting an equal value is no change. A value that
// cannot be encoded makes the save fail, with an error that names the key.
func (s *Session) Set(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	s.data.Set(key, value)
}

// SetDefault sets the value at key only when the key is absent, and returns
// what is there then.
func (s *Session) SetDefault(key string, value any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.data.Get(key); ok {
		return old
	}
	s.edited()
	s.data.Edit(key, func(old any, ok bool) (any, bool) {
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
	s.data.Delete(key)
}

// Pop deletes a key and returns its value. It takes away exactly what it
// returns: a value that another request sets meanwhile stays.
func (s *Session) Pop(key string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.data.Pop(key)
	if ok {
		s.edited()
	}
	return v, ok
}

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
	s.data.Edit(key, func(old any, ok bool) (any, bool) {
		v := f(old)
		return v, ok || v != nil
	})
}

// Update sets all the values.
func (s *Session) Update(values map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(values) > 0 {
		s.edited()
	}
	s.data.Grow(len(values))
	for k, v := range values {
		s.data.Set(k, v)
	}
}

// Clear deletes every key, also those that another request sets meanwhile, and
// with them the flash queues and the CSRF token. The ID, the timeout and the
// cookie stay.
func (s *Session) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	s.data.Clear()
}

// Has reports whether the key is there.
func (s *Session) Has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.Has(key)
}

// Len returns the number of keys.
func (s *Session) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.data.Keys())
}

// Keys returns the keys, sorted. A Pyramid application may also have set keys
// that are not text: they stay where they are, but no method shows them, and only
// Clear takes them away.
func (s *Session) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.Keys()
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

// flashPrefix is in front of a queue's name in the session's data, as in
// Pyramid: `_f_` + queue. The default queue is "".
const flashPrefix = "_f_"

// Flash appends a message to a queue, to be shown by a later request. The
// messages of concurrent requests all arrive, in the order of their saves.
func (s *Session) Flash(queue string, msg any) { s.flash(queue, msg, true) }

// FlashOnce is Flash, but it adds nothing when the queue already holds an equal
// message: Pyramid's allow_duplicate=False. Messages are equal when they are the
// same once stored, as 7 and int64(7) are.
func (s *Session) FlashOnce(queue string, msg any) { s.flash(queue, msg, false) }

func (s *Session) flash(queue string, msg any, duplicate bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	s.data.Append(flashPrefix+queue, msg, !duplicate)
}

// PeekFlash returns the messages of a queue and leaves them there. The slice is
// the caller's.
func (s *Session) PeekFlash(queue string) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.data.Get(flashPrefix + queue)
	return slices.Clone(overlay.List(v))
}

// PopFlash returns the messages of a queue and takes exactly those out of it:
// a message that another request appends meanwhile stays.
func (s *Session) PopFlash(queue string) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.data.Get(flashPrefix + queue)
	if !ok {
		return nil
	}
	s.edited()
	popped := slices.Clone(overlay.List(v))
	s.data.Take(flashPrefix+queue, popped)
	return popped
}

// PopFlash is Session.PopFlash for messages that can be a T, by the rules of [Value].
// It returns those, in their order, and takes exactly those out of the queue; the others
// stay there, for Session.PopFlash or for another T. The result is never nil, so that it
// is [] in JSON.
func PopFlash[T any](s *Session, queue string) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.data.Get(flashPrefix + queue)
	popped := []T{}
	var taken []any
	for _, msg := range overlay.List(v) {
		if t, ok := overlay.As[T](&s.data, msg); ok {
			popped, taken = append(popped, t), append(taken, msg)
		}
	}
	if len(taken) > 0 {
		s.data.Take(flashPrefix+queue, taken)
	}
	return popped
}
