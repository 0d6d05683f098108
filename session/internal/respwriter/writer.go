package respwriter

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/felixge/httpsnoop"
)

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
	_ http1Interfaces = HTTP1Writer{}
	_ http2Interfaces = HTTP2Writer{}
)

// serverWriter is one pointer, so that making an interface value of it
// allocates nothing.
type serverWriter struct{ x *Response }

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
	if !w.x.Flushes() {
		return nil
	}
	return w.server().FlushError()
}

// showAnswer sends the error handler's answer on its way when the handler goes on
// with its page, perhaps without an end: the server would keep a short answer in its
// buffer until the handler returns.
func (w serverWriter) showAnswer() {
	if w.x.AnswerIsDue() {
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

// HTTP1Writer wraps the ResponseWriter of an HTTP/1 server.
type HTTP1Writer struct{ serverWriter }

// ReadFrom is io.ReaderFrom's. What is not sent is read and dropped.
func (w HTTP1Writer) ReadFrom(src io.Reader) (int64, error) {
	if !w.x.sends() {
		w.showAnswer()
		return io.Copy(io.Discard, src)
	}
	return w.x.w.(io.ReaderFrom).ReadFrom(src)
}

// Hijack is http.Hijacker's. It returns the error of SendHeader.
func (w HTTP1Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.x.SendHeader(); err != nil {
		return nil, nil, err
	}
	return w.x.w.(http.Hijacker).Hijack()
}

// HTTP2Writer wraps the ResponseWriter of an HTTP/2 server.
type HTTP2Writer struct{ serverWriter }

// Push is http.Pusher's.
func (w HTTP2Writer) Push(target string, opts *http.PushOptions) error {
	return w.x.w.(http.Pusher).Push(target, opts)
}

// snoop wraps a ResponseWriter of any kind.
func (x *Response) snoop() http.ResponseWriter {
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
				if x.Flushes() {
					next()
				}
			}
		},
		FlushError: func(next httpsnoop.FlushErrorFunc) httpsnoop.FlushErrorFunc {
			return func() error {
				if !x.Flushes() {
					return nil
				}
				return next()
			}
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				if err := x.SendHeader(); err != nil {
					return nil, nil, err
				}
				return next()
			}
		},
	})
}
