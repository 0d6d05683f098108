package session

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/felixge/httpsnoop"
)

// wrap returns a ResponseWriter with the optional interfaces of the original,
// whose every way to send the header passes by sendHeader first. That is also true
// of what http.ResponseController finds by unwrapping the original.
//
// Nearly every request comes from one of net/http's two servers, whose writers
// are known: theirs are wrapped by a type of the same methods. For all others
// httpsnoop makes one with a set of hooks, which costs some 20 allocations
// (BenchmarkHandler/unused).
func (x *exchange) wrap() http.ResponseWriter {
	_, wraps := x.w.(unwrapper)
	switch x.w.(type) {
	case http1Interfaces, http2Interfaces:
		if wraps { // net/http's own tell nothing
			x.begun = signsOf(x.w)
		}
	default:
		x.begun = signsOf(x.w)
	}
	if wraps && (hides(x.w, flushes) || hides(x.w, hijacks)) {
		return x.unwrapping()
	}
	switch x.w.(type) {
	case interface {
		http1Interfaces
		http.Pusher
	}:
	case http1Interfaces:
		return http1Writer{serverWriter{x}}
	case http2Interfaces:
		return http2Writer{serverWriter{x}}
	}
	return x.snoop()
}

// serverInterfaces are what the ResponseWriters of net/http's servers have in
// common.
type serverInterfaces interface {
	http.ResponseWriter
	io.StringWriter
	http.Flusher
	http.CloseNotifier //nolint:staticcheck // old applications still ask for it
	FlushError() error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	EnableFullDuplex() error
}

type http1Interfaces interface {
	serverInterfaces
	http.Hijacker
	io.ReaderFrom
}

type http2Interfaces interface {
	serverInterfaces
	http.Pusher
}

var (
	_ http1Interfaces = http1Writer{}
	_ http2Interfaces = http2Writer{}
)

// serverWriter is one pointer, so that making an interface value of it
// allocates nothing.
type serverWriter struct{ x *exchange }

func (w serverWriter) Header() http.Header { return w.x.w.Header() }

func (w serverWriter) WriteHeader(code int) { w.x.writeHeader(code, w.x.w.WriteHeader) }

func (w serverWriter) Write(b []byte) (int, error) {
	if !w.x.sends() {
		w.showAnswer()
		return len(b), nil
	}
	return w.x.w.Write(b)
}

func (w serverWriter) WriteString(s string) (int, error) {
	if !w.x.sends() {
		w.showAnswer()
		return len(s), nil
	}
	return w.server().WriteString(s)
}

func (w serverWriter) Flush() { _ = w.FlushError() }

func (w serverWriter) FlushError() error {
	if !w.x.flushes() {
		return nil
	}
	return w.server().FlushError()
}

// showAnswer sends the error handler's answer on its way when the handler goes on
// with its page, perhaps without an end: the server would keep a short answer in its
// buffer until the handler returns.
func (w serverWriter) showAnswer() {
	if w.x.answerIsDue() {
		_ = w.server().FlushError()
	}
}

func (w serverWriter) CloseNotify() <-chan bool           { return w.server().CloseNotify() }
func (w serverWriter) SetReadDeadline(t time.Time) error  { return w.server().SetReadDeadline(t) }
func (w serverWriter) SetWriteDeadline(t time.Time) error { return w.server().SetWriteDeadline(t) }
func (w serverWriter) EnableFullDuplex() error            { return w.server().EnableFullDuplex() }

// Unwrap is for http.ResponseController.
func (w serverWriter) Unwrap() http.ResponseWriter { return w.x.w }

func (w serverWriter) server() serverInterfaces { return w.x.w.(serverInterfaces) }

// http1Writer wraps the ResponseWriter of an HTTP/1 server.
type http1Writer struct{ serverWriter }

func (w http1Writer) ReadFrom(src io.Reader) (int64, error) {
	if !w.x.sends() {
		w.showAnswer()
		return io.Copy(io.Discard, src)
	}
	return w.x.w.(io.ReaderFrom).ReadFrom(src)
}

func (w http1Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.x.sendHeader(); err != nil {
		return nil, nil, err
	}
	return w.x.w.(http.Hijacker).Hijack()
}

// http2Writer wraps the ResponseWriter of an HTTP/2 server.
type http2Writer struct{ serverWriter }

func (w http2Writer) Push(target string, opts *http.PushOptions) error {
	return w.x.w.(http.Pusher).Push(target, opts)
}

// snoop wraps a ResponseWriter of any kind.
func (x *exchange) snoop() http.ResponseWriter {
	return httpsnoop.Wrap(x.w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(code int) { x.writeHeader(code, next) }
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(b []byte) (int, error) {
				if !x.sends() {
					return len(b), nil
				}
				return next(b)
			}
		},
		WriteString: func(next httpsnoop.WriteStringFunc) httpsnoop.WriteStringFunc {
			return func(s string) (int, error) {
				if !x.sends() {
					return len(s), nil
				}
				return next(s)
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(src io.Reader) (int64, error) {
				if !x.sends() {
					return io.Copy(io.Discard, src)
				}
				return next(src)
			}
		},
		Flush: func(next httpsnoop.FlushFunc) httpsnoop.FlushFunc {
			return func() {
				if x.flushes() {
					next()
				}
			}
		},
		FlushError: func(next httpsnoop.FlushErrorFunc) httpsnoop.FlushErrorFunc {
			return func() error {
				if !x.flushes() {
					return nil
				}
				return next()
			}
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				if err := x.sendHeader(); err != nil {
					return nil, nil, err
				}
				return next()
			}
		},
	})
}

// writeHeader passes a status on, after the session's part of the header unless
// the status is an interim one.
func (x *exchange) writeHeader(code int, next func(int)) {
	if informational(code) {
		if x.isReplaced() {
			return
		}
		x.mu.Lock()
		x.interim = true
		x.mu.Unlock()
		next(code)
	} else if x.sends() {
		next(code)
	}
}

// informational reports whether a status is interim: 1xx but 101, which is the
// response itself (RFC 9110, section 15.2).
func informational(code int) bool {
	return code >= 100 && code < 200 && code != http.StatusSwitchingProtocols
}
