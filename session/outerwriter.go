package session

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"time"
)

// A ResponseWriter around the Handler that hides Flush or Hijack of the one it
// wraps, and has Unwrap, is how net/http documents middleware:
// http.ResponseController finds what is hidden by unwrapping. The session's writer
// must then have those methods itself, or it would be unwrapped as well and the
// header sent before the save.

// hides reports whether a method of a writer is found by unwrapping only.
func hides(w http.ResponseWriter, has func(http.ResponseWriter) bool) bool {
	return !has(w) && found(w, has)
}

func found(w http.ResponseWriter, has func(http.ResponseWriter) bool) bool {
	for w := range chain(w) {
		if has(w) {
			return true
		}
	}
	return false
}

func flushes(w http.ResponseWriter) bool {
	switch w.(type) {
	case http.Flusher, interface{ FlushError() error }:
		return true
	}
	return false
}

func hijacks(w http.ResponseWriter) bool {
	_, ok := w.(http.Hijacker)
	return ok
}

// unwrapWriter is the session's writer around one that hides something. What
// sends no header goes to an http.ResponseController, which answers
// http.ErrNotSupported for what the chain does not have.
type unwrapWriter struct{ x *exchange }

func (w unwrapWriter) Header() http.Header { return w.x.w.Header() }

func (w unwrapWriter) WriteHeader(code int) { w.x.writeHeader(code, w.x.w.WriteHeader) }

func (w unwrapWriter) Write(b []byte) (int, error) {
	if !w.x.sends() {
		return len(b), nil
	}
	return w.x.w.Write(b)
}

func (w unwrapWriter) WriteString(s string) (int, error) {
	if !w.x.sends() {
		return len(s), nil
	}
	return io.WriteString(w.x.w, s)
}

func (w unwrapWriter) ReadFrom(src io.Reader) (int64, error) {
	if !w.x.sends() {
		return io.Copy(io.Discard, src)
	}
	return io.Copy(w.x.w, src)
}

func (w unwrapWriter) FlushError() error {
	if !found(w.x.w, flushes) {
		return http.ErrNotSupported // and no header is sent
	}
	if !w.x.flushes() {
		return nil
	}
	return w.controller().Flush()
}

func (w unwrapWriter) SetReadDeadline(t time.Time) error  { return w.controller().SetReadDeadline(t) }
func (w unwrapWriter) SetWriteDeadline(t time.Time) error { return w.controller().SetWriteDeadline(t) }
func (w unwrapWriter) EnableFullDuplex() error            { return w.controller().EnableFullDuplex() }

// Unwrap is for http.ResponseController, and for code that looks for a writer's type.
func (w unwrapWriter) Unwrap() http.ResponseWriter { return w.x.w }

func (w unwrapWriter) controller() *http.ResponseController {
	return http.NewResponseController(w.x.w)
}

// The methods that applications ask for by a type assertion are there only where
// they do something.
type (
	unwrapFlusher  struct{ x *exchange }
	unwrapHijacker struct{ x *exchange }
	unwrapPusher   struct{ x *exchange }
	unwrapNotifier struct{ x *exchange }
)

func (w unwrapFlusher) Flush() { _ = unwrapWriter(w).FlushError() }

func (w unwrapHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.x.sendHeader(); err != nil {
		return nil, nil, err
	}
	return unwrapWriter(w).controller().Hijack()
}

func (w unwrapPusher) Push(target string, opts *http.PushOptions) error {
	return w.x.w.(http.Pusher).Push(target, opts)
}

func (w unwrapNotifier) CloseNotify() <-chan bool {
	return w.x.w.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // old applications still ask for it
}

// unwrapping returns an unwrapWriter with those of the methods that the writer
// around has, or, of Hijack, one that it wraps.
func (x *exchange) unwrapping() http.ResponseWriter {
	_, flusher := x.w.(http.Flusher)
	_, pusher := x.w.(http.Pusher)
	_, notifier := x.w.(http.CloseNotifier) //nolint:staticcheck // old applications still ask for it
	w, fl, hi, pu, no := unwrapWriter{x}, unwrapFlusher{x}, unwrapHijacker{x}, unwrapPusher{x}, unwrapNotifier{x}
	switch [4]bool{flusher, found(x.w, hijacks), pusher, notifier} {
	case [4]bool{true, false, false, false}:
		return struct {
			unwrapWriter
			unwrapFlusher
		}{w, fl}
	case [4]bool{false, true, false, false}:
		return struct {
			unwrapWriter
			unwrapHijacker
		}{w, hi}
	case [4]bool{true, true, false, false}:
		return struct {
			unwrapWriter
			unwrapFlusher
			unwrapHijacker
		}{w, fl, hi}
	case [4]bool{false, false, true, false}:
		return struct {
			unwrapWriter
			unwrapPusher
		}{w, pu}
	case [4]bool{true, false, true, false}:
		return struct {
			unwrapWriter
			unwrapFlusher
			unwrapPusher
		}{w, fl, pu}
	case [4]bool{false, true, true, false}:
		return struct {
			unwrapWriter
			unwrapHijacker
			unwrapPusher
		}{w, hi, pu}
	case [4]bool{true, true, true, false}:
		return struct {
			unwrapWriter
			unwrapFlusher
			unwrapHijacker
			unwrapPusher
		}{w, fl, hi, pu}
	case [4]bool{false, false, false, true}:
		return struct {
			unwrapWriter
			unwrapNotifier
		}{w, no}
	case [4]bool{true, false, false, true}:
		return struct {
			unwrapWriter
			unwrapFlusher
			unwrapNotifier
		}{w, fl, no}
	case [4]bool{false, true, false, true}:
		return struct {
			unwrapWriter
			unwrapHijacker
			unwrapNotifier
		}{w, hi, no}
	case [4]bool{true, true, false, true}:
		return struct {
			unwrapWriter
			unwrapFlusher
			unwrapHijacker
			unwrapNotifier
		}{w, fl, hi, no}
	case [4]bool{false, false, true, true}:
		return struct {
			unwrapWriter
			unwrapPusher
			unwrapNotifier
		}{w, pu, no}
	case [4]bool{true, false, true, true}:
		return struct {
			unwrapWriter
			unwrapFlusher
			unwrapPusher
			unwrapNotifier
		}{w, fl, pu, no}
	case [4]bool{false, true, true, true}:
		return struct {
			unwrapWriter
			unwrapHijacker
			unwrapPusher
			unwrapNotifier
		}{w, hi, pu, no}
	case [4]bool{true, true, true, true}:
		return struct {
			unwrapWriter
			unwrapFlusher
			unwrapHijacker
			unwrapPusher
			unwrapNotifier
		}{w, fl, hi, pu, no}
	}
	return w
}

// A response that is written to the ResponseWriter around the session's goes out
// without the session's cookie. The writers of frameworks can tell that it was.

// errBypassed is logged for it.
var errBypassed = errors.New("session: the response was written to another ResponseWriter than the one that the session's Handler passes on, and has no cookie of the session: middleware that replaces the request must replace the writer too (in gin c.Writer, in echo c.SetResponse)")

type unwrapper interface{ Unwrap() http.ResponseWriter }

// maxUnwraps bounds the walk through writers that wrap one another.
const maxUnwraps = 64

// chain yields a ResponseWriter and those that it wraps, as http.ResponseController
// finds them.
func chain(w http.ResponseWriter) func(yield func(http.ResponseWriter) bool) {
	return func(yield func(http.ResponseWriter) bool) {
		for range maxUnwraps {
			if !yield(w) {
				return
			}
			u, ok := w.(unwrapper)
			if !ok {
				return
			}
			w = u.Unwrap()
		}
	}
}

// signsOf returns functions that report whether the response has begun, each by a method
// or field of one writer of the chain. It is called before the application's handler:
// only what changes afterwards counts.
func signsOf(w http.ResponseWriter) (begun []func() bool) {
	for w := range chain(w) {
		begun = append(begun, signsOfOne(w)...)
	}
	return begun
}

// signsOfOne returns the functions for one writer. One with Written or Committed, as
// those of gin, negroni and echo, is not asked for its status, which gin sets ahead.
func signsOfOne(w http.ResponseWriter) (begun []func() bool) {
	switch w := w.(type) {
	case interface{ Written() bool }:
		return []func() bool{w.Written}
	case interface{ Committed() bool }:
		return []func() bool{w.Committed}
	}
	if committed := committedField(w); committed != nil {
		return []func() bool{committed}
	}
	switch w := w.(type) { // as chi's, and many that count for a log
	case interface{ BytesWritten() int }:
		begun = append(begun, changed(w.BytesWritten))
	case interface{ BytesWritten() int64 }:
		begun = append(begun, changed(w.BytesWritten))
	case interface{ Size() int }:
		begun = append(begun, changed(w.Size))
	case interface{ Size() int64 }:
		begun = append(begun, changed(w.Size))
	case interface{ Written() int }:
		begun = append(begun, changed(w.Written))
	case interface{ Written() int64 }:
		begun = append(begun, changed(w.Written))
	}
	if w, ok := w.(interface{ Status() int }); ok && w.Status() == 0 {
		begun = append(begun, func() bool { return w.Status() != 0 && !informational(w.Status()) })
	}
	return begun
}

func changed[N int | int64](count func() N) func() bool {
	before := count()
	return func() bool { return count() != before }
}

// committedField returns a function that reads the field Committed of a writer, as
// echo's Response has it, nil when there is none.
func committedField(w http.ResponseWriter) func() bool {
	v := reflect.ValueOf(w)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	field, ok := v.Type().FieldByName("Committed")
	if !ok || field.Type.Kind() != reflect.Bool {
		return nil
	}
	return func() bool {
		committed, err := v.FieldByIndexErr(field.Index)
		return err == nil && committed.Bool()
	}
}

// bypassed reports whether the response has begun without passing the session's
// writer. The caller holds the lock. After an interim response the writers around
// do not tell one from the other.
func (x *exchange) bypassed() bool {
	if x.interim {
		return false
	}
	for _, begun := range x.begun {
		if begun() {
			return true
		}
	}
	return false
}

// settleBypassed is settle for a response that cannot carry a cookie any more: it
// saves a session that the browser knows and ends one that it does not, which
// no request could find. The caller holds the lock.
func (x *exchange) settleBypassed() {
	if !x.got {
		return
	}
	err := x.loadErr
	if s := x.session; s != nil {
		s.mu.Lock()
		s.headerSent = true
		err = s.endUnknown(x.r.Context(), ErrHeaderWritten)
		if failed := s.failure(); failed != nil {
			err = errors.Join(err, failed) // and nothing is saved
		} else {
			err = errors.Join(err, s.saveLate(x.r.Context()))
		}
		s.mu.Unlock()
	}
	x.log("session: the response was sent past the session's writer", errors.Join(errBypassed, err))
}

// endUnknown ends a session whose ID the browser has not got and cannot get any
// more, for a reason that a later save returns. The caller holds the lock.
func (s *Session) endUnknown(ctx context.Context, why error) error {
	if s.guard == nil || s.id == s.known {
		return nil
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	err := s.f.end(ctx, s.store, s.at, CauseTakenBack)
	s.cookie = cookieKeep
	_ = s.become(isEnded, why)
	return err
}
