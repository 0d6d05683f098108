package respwriter

import (
	"bufio"
	"io"
	"net"
	"net/http"
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
type unwrapWriter struct{ x *Response }

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
	if !w.x.Flushes() {
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
	unwrapFlusher  struct{ x *Response }
	unwrapHijacker struct{ x *Response }
	unwrapPusher   struct{ x *Response }
	unwrapNotifier struct{ x *Response }
)

func (w unwrapFlusher) Flush() { _ = unwrapWriter(w).FlushError() }

func (w unwrapHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.x.SendHeader(); err != nil {
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
func (x *Response) unwrapping() http.ResponseWriter {
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
