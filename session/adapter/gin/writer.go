package ginsession

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
)

// writer is c.Writer behind net/http middleware. What sends something goes to the
// middleware's writer, which passes it on to gin's. gin's keeps the status until
// then, and knows what has been sent.
type writer struct {
	gin.ResponseWriter                     // gin's, around the middleware
	inner              http.ResponseWriter // the middleware's
	begun              bool
}

var _ gin.ResponseWriter = (*writer)(nil)

// writerFor returns a c.Writer that writes to the middleware's writer w. Middleware
// that has passed gin's own on needs no other.
func writerFor(outer gin.ResponseWriter, w http.ResponseWriter) gin.ResponseWriter {
	if own, ok := w.(gin.ResponseWriter); ok {
		return own
	}
	return &writer{ResponseWriter: outer, inner: w}
}

// begin lets the middleware know, once, that the response begins: the session is
// saved. It does not make the writers around send the header, because some of them
// decide at the first Write what is in it, as gin-contrib/gzip does.
func (w *writer) begin() {
	if !w.begun {
		w.begun = true
		w.inner.WriteHeader(w.Status())
	}
}

// WriteHeader notes the status, as gin's does. It sends nothing, so that a session can
// be changed after c.Status. When the response has begun it is too late: the status
// may be that of the session's error handler.
func (w *writer) WriteHeader(code int) {
	if !w.begun {
		w.ResponseWriter.WriteHeader(code)
	}
}

func (w *writer) WriteHeaderNow() {
	w.begin()
	w.ResponseWriter.WriteHeaderNow()
}

func (w *writer) Written() bool { return w.begun || w.ResponseWriter.Written() }

func (w *writer) Write(b []byte) (int, error) {
	w.begin()
	return w.inner.Write(b)
}

func (w *writer) WriteString(s string) (int, error) {
	w.begin()
	return io.WriteString(w.inner, s)
}

func (w *writer) Flush() {
	w.begin()
	_ = http.NewResponseController(w.inner).Flush()
}

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.begun = true
	return http.NewResponseController(w.inner).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.inner }
