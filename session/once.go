package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/claim"
	"github.com/pyramidgo/redissessions/session/internal/overlay"
)

// OnceLease is how long the others wait for the request that does the work of a
// Session.Once, when its context has no deadline that is sooner.
const OnceLease = claim.Longest

// oncePrefix is in front of a key in the session's data, where the record says who does
// the work for the key. Python keeps it and does not look at it.
const oncePrefix = "_once_"

const (
	// firstPause and longestPause bound how long a waiting Once pauses before it looks
	// again. The pauses double, and each is drawn from the upper half.
	firstPause   = 10 * time.Millisecond
	longestPause = 320 * time.Millisecond
)

// Once lets one of several requests do work whose result belongs in the session: refresh
// an OAuth token, say, which a provider may allow once. It sets the value at key to f's
// result and returns it. Of all requests, in all processes, that call Once for the key at
// the same time, one calls f. The others wait and return the value that it has set.
//
// Whether the work is due is for the caller to say, right before:
//
//	token, _ := session.Value[Token](s, "token")
//	if token.expired() {
//		token, err = session.Once(r.Context(), s, "token", refresh)
//	}
//
// When another request has done the work since this one loaded the session, or has set the
// key, Once returns what is stored without calling f. A request that loads the session
// afterwards sees the new value.
//
// The request that is to call f first stores a claim in the record. It lasts for
// OnceLease, or until ctx's deadline when that is sooner. f's context ends with it, and
// not when the client hangs up: others wait for the result. The result is stored before
// Once returns. When f fails or panics, the claim is released, the error is that request's
// alone, and one of those that wait tries next. When the process crashes, or the answer to
// the claim's command is lost, the others wait until the lease has ended. f may use the
// session, but must not call Once for the same key: with the context that it was given, that
// is an error.
//
// The error is f's; ctx's when that ends before there is a result; ErrGone when the
// session has ended or was renewed meanwhile, whose result is then lost; ErrLeaseEnded
// when f has outlasted its lease and another request has taken over; and it wraps
// ErrUnavailable when the store did not answer. When that happened while the result was
// being stored, it is stored with the session's other changes.
//
// The one that calls f sends two commands beside the load, the others one for each look:
// after 10 ms, then at pauses that double up to a third of a second. A new session has no
// other requests: f is called, and the value is stored with the session.
func (s *Session) Once(ctx context.Context, key string, f func(ctx context.Context) (any, error)) (any, error) {
	o := s.newOnce(key)
	leave, err := o.takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		left, value, err := o.claim(ctx)
		switch {
		case err != nil:
			return nil, err
		case o.done:
			return value, nil
		case left == 0:
			return o.work(ctx, f)
		}
		// The last look is when the lease ends.
		if err := s.f.pause(ctx, min(pause/2+rand.N(pause/2), left)); err != nil {
			return nil, fmt.Errorf("session: once: %w", err)
		}
		if err := o.reload(ctx); err != nil {
			return nil, err
		}
	}
}

// Once is Session.Once for a result of type T. The error says so when another request has
// stored a value of which no T can be made.
func Once[T any](ctx context.Context, s *Session, key string, f func(ctx context.Context) (T, error)) (T, error) {
	value, err := s.Once(ctx, key, func(ctx context.Context) (any, error) { return f(ctx) })
	if err != nil {
		return *new(T), err
	}
	if t, ok := value.(T); ok {
		return t, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := overlay.As[T](&s.data, value)
	if !ok {
		return t, fmt.Errorf("session: once: the value at key %q is not a %T", key, t)
	}
	return t, nil
}

// once is one call of Once.
type once struct {
	s     *Session
	key   string
	at    string      // where the claim is
	seen  claim.State // when Once was called
	value any         // and what was stored then
	watch claim.Watch

	done     bool        // another request has done the work
	mine     claim.State // this request's claim, when it has one
	deadline time.Time   // of f
	unstored bool        // the session is a new one

	left chan struct{} // closed when this call of Once has ended
}

// workFor is the context key of a function that does the work for a key.
type workFor struct {
	s   *Session
	key string
}

func (s *Session) newOnce(key string) *once {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &once{s: s, key: key, at: oncePrefix + key}
	o.seen = o.state()
	o.value = o.stored()
	return o
}

// state returns the claim in the record as it was last read or written.
func (o *once) state() claim.State {
	v, _ := o.s.data.Get(o.at)
	return stateOf(v)
}

func stateOf(v any) claim.State {
	text, _ := v.(string)
	return claim.Parse(text)
}

// stored returns what the record has at the key. It is safe in an edit.
func (o *once) stored() any {
	v, _, _ := o.s.data.Base().Get(o.key)
	return v
}

// overtaken reports whether another request has done the work, or has set the key, since
// Once was called.
func (o *once) overtaken(now claim.State) bool {
	return now.Generation != o.seen.Generation || !o.s.data.Equal(o.stored(), o.value)
}

// takeTurn waits for the goroutines of this request that are doing the same work.
func (o *once) takeTurn(ctx context.Context) (leave func(), err error) {
	s := o.s
	for {
		s.mu.Lock()
		running := s.onces[o.key]
		if running == nil {
			o.left = make(chan struct{})
			if s.onces == nil {
				s.onces = map[string]*once{}
			}
			s.onces[o.key] = o
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.onces, o.key)
				close(o.left)
			}, nil
		}
		s.mu.Unlock()
		if ctx.Value(workFor{s, o.key}) != nil {
			return nil, fmt.Errorf("session: once: the function that works for the key %q calls Once for the key %[1]q: it must return the value", o.key)
		}
		select {
		case <-running.left:
		case <-ctx.Done():
			return nil, fmt.Errorf("session: once: %w", ctx.Err())
		}
	}
}

// claim stores a claim, unless the work is done or another request has claimed it. left is
// for how long that one's claim lasts; at 0 the claim is this request's, or the work is
// done and value is its result.
func (o *once) claim(ctx context.Context) (left time.Duration, value any, err error) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, nil, fmt.Errorf("session: once: %w", err)
	}
	if s.data.Cleared() && s.state == isStored {
		if err := s.commit(ctx); err != nil { // the Clear comes before the claim
			return 0, nil, err
		}
	}
	for {
		if s.why != nil {
			return 0, nil, s.why
		}
		now, state := s.f.now(), o.state()
		if left := o.watch.Left(state, now); left > 0 {
			return left, nil, nil
		}
		if o.overtaken(state) {
			o.done = true
			value, _ = s.data.Get(o.key)
			return 0, value, nil
		}
		if o.unstored = s.state == isNotStored; o.unstored {
			o.mine = state.Claim(now, o.lease(ctx))
			return 0, nil, nil
		}
		if err := o.store(ctx, now, o.lease(ctx)); err != nil {
			return 0, nil, err
		}
		if o.mine.Token != "" {
			return 0, nil, nil
		}
	}
}

// lease returns how long a claim is to last, and sets f's deadline.
func (o *once) lease(ctx context.Context) time.Duration {
	lease := OnceLease
	now := time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		lease = min(lease, deadline.Sub(now))
	}
	o.deadline = now.Add(lease)
	return lease
}

// store stores a claim unless the record that the save finds has one that has not lapsed. It
// sets o.mine when the claim is stored.
func (o *once) store(ctx context.Context, now time.Time, lease time.Duration) error {
	s := o.s
	var tried claim.State
	s.data.Edit(o.at, func(old any, ok bool) (any, bool) {
		state := stateOf(old)
		if o.watch.Left(state, now) > 0 || o.overtaken(state) {
			return old, ok
		}
		tried = state.Claim(now, lease)
		return tried.String(), true
	})
	if err := s.commit(ctx, o.at); err != nil {
		s.data.Undo(o.at)
		return err
	}
	if tried.Token != "" && o.state() == claim.Parse(tried.String()) {
		o.mine = claim.Parse(tried.String())
	}
	return nil
}

// reload reads the record again.
func (o *once) reload(ctx context.Context) error {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why != nil {
		return s.why
	}
	return s.reload(ctx)
}

// work calls f and stores its result.
func (o *once) work(ctx context.Context, f func(ctx context.Context) (any, error)) (any, error) {
	returned := false
	defer func() {
		if !returned {
			o.release(ctx)
		}
	}()
	working := context.WithValue(context.WithoutCancel(ctx), workFor{o.s, o.key}, true)
	working, cancel := context.WithDeadline(working, o.deadline)
	defer cancel()
	value, err := f(working)
	if err != nil {
		return nil, err
	}
	if err := o.finish(ctx, value); err != nil {
		returned = errors.Is(err, ErrUnavailable)
		return nil, err
	}
	returned = true
	return value, nil
}

// finish stores the result, while the claim is this request's.
func (o *once) finish(ctx context.Context, value any) error {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why != nil {
		return s.why
	}
	if !o.unstored && s.state == isNotStored {
		return ErrGone // f has invalidated the session
	}
	done := o.mine.Done()
	cleared := s.data.Cleared() // by f, and with it every request's claim
	if o.unstored || cleared {
		s.data.Set(o.key, value)
		s.data.Set(o.at, done.String())
	} else {
		o.editIfMine(value, done)
	}
	if o.unstored {
		return nil
	}
	keys := []string{o.key, o.at}
	if cleared {
		keys = nil // the Clear comes first
	}
	err := s.commit(ctx, keys...)
	switch {
	case errors.Is(err, ErrUnavailable):
		return err // the edits stay: the save tries again
	case err == nil && o.state() == done:
		return nil
	case err == nil:
		err = ErrLeaseEnded
	}
	s.data.Undo(o.key)
	s.data.Undo(o.at)
	return err
}

// editIfMine sets the result where the record that the save meets has this request's claim.
func (o *once) editIfMine(value any, done claim.State) {
	s := o.s
	s.data.Undo(o.key)
	s.data.Edit(o.key, func(old any, ok bool) (any, bool) {
		text, _, _ := s.data.Base().Get(o.at)
		if stateOf(text) == o.mine {
			return value, true
		}
		return old, ok
	})
	s.data.Edit(o.at, func(old any, ok bool) (any, bool) {
		if stateOf(old) == o.mine {
			return done.String(), true
		}
		return old, ok
	})
}

// dropClaims takes the claims of other requests out of the session, which gets a new ID:
// their work cannot follow it there. It returns their keys.
func (s *Session) dropClaims() (dropped []string) {
	for _, at := range s.data.Base().Keys() {
		key, isClaim := strings.CutPrefix(at, oncePrefix)
		if !isClaim {
			continue
		}
		foreign := func(state claim.State) bool {
			own := s.onces[key]
			return state.Token != "" && (own == nil || own.mine != state)
		}
		if v, _ := s.data.Get(at); !foreign(stateOf(v)) {
			continue
		}
		dropped = append(dropped, at)
		s.data.Edit(at, func(old any, ok bool) (any, bool) {
			state := stateOf(old)
			if !foreign(state) {
				return old, ok
			}
			return state.Released().String(), !state.Released().IsNever()
		})
	}
	return dropped
}

// release removes the claim from the record, so that the next request does not wait for its
// end.
func (o *once) release(ctx context.Context) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.unstored || s.why != nil {
		return
	}
	s.data.Edit(o.at, func(old any, ok bool) (any, bool) {
		if stateOf(old) == o.mine {
			return o.mine.Released().String(), !o.mine.Released().IsNever()
		}
		return old, ok
	})
	if err := s.commit(ctx, o.at); err != nil {
		s.data.Undo(o.at)
		s.f.opts.Logger.LogAttrs(ctx, levelOf(ctx, err), "session: once: the claim stays until its lease ends", errorAttr(err))
	}
}
