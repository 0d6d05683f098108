package apps

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// response keeps what a handler answers. It has the optional methods of
// net/http's own HTTP/1.1 response, because middleware looks at which ones there
// are when it wraps a response.
type response struct {
	header http.Header
	status int
	body   []byte
}

var (
	_ http.Flusher       = (*response)(nil)
	_ http.Hijacker      = (*response)(nil)
	_ http.CloseNotifier = (*response)(nil) //nolint:staticcheck // deprecated, and net/http has it
	_ io.ReaderFrom      = (*response)(nil)
	_ io.StringWriter    = (*response)(nil)
)

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body = append(w.body, b...)
	return len(b), nil
}

func (w *response) WriteString(s string) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body = append(w.body, s...)
	return len(s), nil
}

func (w *response) ReadFrom(src io.Reader) (int64, error) {
	b, err := io.ReadAll(src)
	n, _ := w.Write(b)
	return int64(n), err
}

func (w *response) Flush() { w.WriteHeader(http.StatusOK) }

func (w *response) FlushError() error {
	w.Flush()
	return nil
}

// There is no connection behind a response, and no application here wants one.

func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}

func (w *response) CloseNotify() <-chan bool         { return nil }
func (w *response) SetReadDeadline(time.Time) error  { return http.ErrNotSupported }
func (w *response) SetWriteDeadline(time.Time) error { return http.ErrNotSupported }
func (w *response) EnableFullDuplex() error          { return http.ErrNotSupported }
