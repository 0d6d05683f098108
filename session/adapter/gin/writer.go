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
}

var _ gin.ResponseWriter = (*writer)(nil)

// writerFor returns a c.Writer that writes to the middleware's writer w. Middleware
// that has passed gin's own on needs no other.
func writerFor(outer gin.ResponseWriter, w http.ResponseWriter) gin.ResponseWriter {
	if own, ok := w.(gin.ResponseWriter); ok {
		return own
	}
	return &writer{outer, w}
}

// WriteHeaderNow sends the header with the status that WriteHeader has set.
// WriteHeader itself is gin's: it sends nothing, so that a session can be changed
// after c.Status.
func (w *writer) WriteHeaderNow() {
	if w.Written() {
		return
	}
	w.inner.WriteHeader(w.Status())
	// gin's WriteHeader has only noted the status. If the session's error handler
	// has answered, its status must not be changed by the application any more.
	w.ResponseWriter.WriteHeaderNow()
}

func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeaderNow()
	return w.inner.Write(b)
}

func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeaderNow()
	return io.WriteString(w.inner, s)
}

func (w *writer) Flush() {
	w.WriteHeaderNow()
	_ = http.NewResponseController(w.inner).Flush()
}

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.inner).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.inner }
