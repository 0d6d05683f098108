package session

import (
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

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
	w := &s.data
	w.amend(flashPrefix+queue, func(old any, _ bool) (any, bool) {
		messages := append(slices.Clip(asList(old)), msg)
		if !duplicate && w.repeatsLast(messages) {
			return old, true
		}
		return messages, true
	})
}

// repeatsLast reports whether the last of the messages is among those before it.
func (w *working) repeatsLast(messages []any) bool {
	forms := w.storedForms(messages)
	last := len(forms) - 1
	return slices.ContainsFunc(forms[:last], func(m any) bool { return pickle.Equal(m, forms[last]) })
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
	s.edited()
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
	taken := w.storedForms(popped) // a copy: the caller may change what is returned
	w.amend(key, func(old any, _ bool) (any, bool) {
		rest := w.without(asList(old), taken)
		return rest, len(rest) > 0
	})
}

// without returns the messages without those whose stored forms are taken, each
// of which removes one. The usual case is that they are the first messages, in
// the same order, which takes one pass.
func (w *working) without(messages, taken []any) []any {
	forms := w.storedForms(messages)
	first := 0
	for first < len(taken) && first < len(forms) && pickle.Equal(forms[first], taken[first]) {
		first++
	}
	var rest []any
	taken = slices.Clone(taken[first:])
	for i := first; i < len(forms); i++ {
		if at := slices.IndexFunc(taken, func(m any) bool { return pickle.Equal(m, forms[i]) }); at >= 0 {
			taken = slices.Delete(taken, at, at+1)
			continue
		}
		rest = append(rest, messages[i])
	}
	return rest
}

// storedForms returns messages as the next request would read them, so that they
// can be compared: in a list an int is stored as an int64, a struct as a map, and
// so on. It shares no memory with messages, except for one that cannot be encoded.
func (w *working) storedForms(messages []any) []any {
	if allText(messages) {
		return slices.Clone(messages)
	}
	if forms, ok := w.storedList(messages); ok {
		return forms
	}
	forms := slices.Clone(messages)
	for i := range forms {
		if form, ok := w.storedList(forms[i : i+1]); ok {
			forms[i] = form[0]
		}
	}
	return forms
}

func (w *working) storedList(messages []any) (forms []any, ok bool) {
	v, err := w.layout.Normal(messages)
	if err != nil {
		return nil, false
	}
	forms = asList(v)
	return forms, len(forms) == len(messages)
}

// allText reports whether all the messages are text, which every codec keeps as it
// is.
func allText(messages []any) bool {
	return !slices.ContainsFunc(messages, func(m any) bool {
		text, ok := m.(string)
		return !ok || !utf8.ValidString(text)
	})
}

// asList returns the messages in a queue's value. A value that is not a list, which
// only other code can have stored there, counts as an empty one.
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
