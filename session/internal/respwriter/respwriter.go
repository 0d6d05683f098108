// Package respwriter has the ResponseWriters that session passes to applications. Each of
// their methods that may send the header calls Exchange.SendHeader first, because the
// session must be saved before its cookie is sent.
package respwriter

import "net/http"

// Exchange is a request and its response, as far as the writers call it. It is safe for
// concurrent use.
type Exchange interface {
	// SendHeader is called before anything of the response is sent. Its first call saves
	// the session. After an error what the application writes is dropped.
	SendHeader() error
	// SendInterim is called before a 1xx response, and reports whether it is sent.
	SendInterim() bool
	// Flushes reports whether a Flush is passed on.
	Flushes() bool
	// AnswerIsDue reports, once, that the error handler has answered in place of the
	// application.
	AnswerIsDue() bool
}

// Response is the ResponseWriter of a request, and its Exchange. It is a field of the
// exchange: the writers then are one pointer to it, so that making an interface value of
// them allocates nothing.
type Response struct {
	Exchange
	w     http.ResponseWriter
	begun []func() bool // whether the response was sent by a writer around w
}

// New returns the Response of an exchange that writes to w.
func New(w http.ResponseWriter, x Exchange) Response { return Response{Exchange: x, w: w} }

// Original returns the ResponseWriter that is wrapped.
func (x *Response) Original() http.ResponseWriter { return x.w }

// Wrap returns a ResponseWriter with the optional interfaces of the original. It calls
// SendHeader before it sends the header, also for what http.ResponseController finds by
// unwrapping the original.
//
// Nearly every request comes from one of net/http's two servers, whose writers
// are known: theirs are wrapped by a type of the same methods. For all others
// httpsnoop makes one with a set of hooks, which costs some 20 allocations
// (BenchmarkHandler/unused).
func (x *Response) Wrap() http.ResponseWriter {
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
		return HTTP1Writer{serverWriter{x}}
	case http2Interfaces:
		return HTTP2Writer{serverWriter{x}}
	}
	return x.snoop()
}

// sends reports whether what the handler writes is sent. Otherwise it is dropped.
func (x *Response) sends() bool { return x.SendHeader() == nil }

// writeHeader passes a status on, after the session's part of the header unless
// the status is an interim one.
func (x *Response) writeHeader(code int, next func(int)) {
	if Informational(code) {
		if x.SendInterim() {
			next(code)
		}
	} else if x.sends() {
		next(code)
	}
}

// Informational reports whether a status is interim: 1xx but 101, which is the
// response itself (RFC 9110, section 15.2).
func Informational(code int) bool {
	return code >= 100 && code < 200 && code != http.StatusSwitchingProtocols
}

// Answer notes whether the error handler has begun an answer. Beyond
// that it is an ordinary ResponseWriter.
type Answer struct {
	http.ResponseWriter
	Begun bool
}

// WriteHeader begins the answer, unless the status is an interim one.
func (w *Answer) WriteHeader(code int) {
	w.Begun = w.Begun || !Informational(code)
	w.ResponseWriter.WriteHeader(code)
}

// Write begins the answer.
func (w *Answer) Write(b []byte) (int, error) {
	w.Begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController. Code that unwraps the writer is about to write
// an answer.
func (w *Answer) Unwrap() http.ResponseWriter {
	w.Begun = true
	return w.ResponseWriter
}
