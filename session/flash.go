package session

import (
	"reflect"
	"slices"
)

// flashPrefix is in front of a queue's name in the session's data, as in
// Pyramid: `_f_` + queue. The default queue is "".
const flashPrefix = "_f_"

// Flash appends a message to a queue, to be shown by a later request. The
// messages of concurrent requests all arrive, in the order of their saves.
func (s *Session) Flash(queue string, msg any) { s.flash(queue, msg, true) }

// FlashOnce is Flash, but for a message that is in the queue already: Pyramid's
// allow_duplicate=False.
func (s *Session) FlashOnce(queue string, msg any) { s.flash(queue, msg, false) }

func (s *Session) flash(queue string, msg any, duplicate bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &s.data
	w.amend(flashPrefix+queue, func(old any, _ bool) (any, bool) {
		messages := asList(old)
		if !duplicate && slices.ContainsFunc(messages, func(m any) bool { return w.equal(m, msg) }) {
			return old, true
		}
		return append(slices.Clip(messages), msg), true
	})
}

// PeekFlash returns the messages of a queue and leaves them there. The slice is
// the caller's.
func (s *Session) PeekFlash(queue string) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.data.lookup(flashPrefix + queue)
	return slices.Clone(asList(v))
}

// PopFlash returns the messages of a queue and takes exactly those out of it:
// a message that another request appends meanwhile stays.
func (s *Session) PopFlash(queue string) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, key := &s.data, flashPrefix+queue
	v, ok := w.lookup(key)
	if !ok {
		return nil
	}
	popped := slices.Clone(asList(v))
	w.takeMessages(key, popped)
	return popped
}

// takeMessages takes messages out of the queue at key: each once, and no others.
func (w *working) takeMessages(key string, popped []any) {
	if sl := w.slots.find(key); sl != nil && sl.intent == replaced && len(popped) == len(asList(sl.value)) {
		w.remove(key)
		return
	}
	taken := asList(w.copyOf(popped)) // what is returned is the caller's to change
	w.amend(key, func(old any, _ bool) (any, bool) {
		rest := slices.Clone(asList(old))
		for _, msg := range taken {
			if i := slices.IndexFunc(rest, func(m any) bool { return w.equal(m, msg) }); i >= 0 {
				rest = slices.Delete(rest, i, i+1)
			}
		}
		return rest, len(rest) > 0
	})
}

// asList returns the messages in a queue's value. What is no list is an empty
// one: only somebody else's code can have put it there.
func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || rv.Kind() != reflect.Slice {
		return nil
	}
	list := make([]any, rv.Len())
	for i := range list {
		list[i] = rv.Index(i).Interface()
	}
	return list
}

// equal reports whether two values are the same, or will be once stored.
func (w *working) equal(a, b any) bool {
	if immutable(a) && immutable(b) && a == b {
		return true
	}
	return w.layout.equal(a, b) || reflect.DeepEqual(a, b)
}
