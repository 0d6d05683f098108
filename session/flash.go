package session

import (
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/overlay"
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
