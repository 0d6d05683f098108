package session_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// The optional interfaces of a ResponseWriter, each as a piece to build one of.
type (
	flusher      struct{}
	errorFlusher struct{}
	hijacker     struct{}
	pusher       struct{}
	readerFrom   struct{}
	stringWriter struct{}
	deadlines    struct{}
	fullDuplex   struct{}
)

func (flusher) Flush()                                        {}
func (errorFlusher) FlushError() error                        { return nil }
func (hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }
func (pusher) Push(string, *http.PushOptions) error           { return nil }
func (readerFrom) ReadFrom(io.Reader) (int64, error)          { return 0, nil }
func (stringWriter) WriteString(s string) (int, error)        { return len(s), nil }
func (deadlines) SetReadDeadline(time.Time) error             { return nil }
func (deadlines) SetWriteDeadline(time.Time) error            { return nil }
func (fullDuplex) EnableFullDuplex() error                    { return nil }

// optional returns which of the optional interfaces w has.
func optional(w http.ResponseWriter) string {
	names := ""
	add := func(name string, has bool) {
		if has {
			names += name + " "
		}
	}
	_, has := w.(http.Flusher)
	add("Flusher", has)
	_, has = w.(interface{ FlushError() error })
	add("FlushError", has)
	_, has = w.(http.Hijacker)
	add("Hijacker", has)
	_, has = w.(http.Pusher)
	add("Pusher", has)
	_, has = w.(io.ReaderFrom)
	add("ReaderFrom", has)
	_, has = w.(io.StringWriter)
	add("StringWriter", has)
	_, has = w.(http.CloseNotifier) //nolint:staticcheck // applications still ask for it
	add("CloseNotifier", has)
	_, has = w.(interface{ SetReadDeadline(time.Time) error })
	add("SetReadDeadline", has)
	_, has = w.(interface{ SetWriteDeadline(time.Time) error })
	add("SetWriteDeadline", has)
	_, has = w.(interface{ EnableFullDuplex() error })
	add("EnableFullDuplex", has)
	return names
}

// TestHandlerKeepsOptionalInterfaces checks that the application's writer can do
// what the server's can, and claims nothing else.
func TestHandlerKeepsOptionalInterfaces(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	check := func(t *testing.T, w http.ResponseWriter, r *http.Request) {
		want, got := optional(w), ""
		f.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { got = optional(w) })).ServeHTTP(w, r)
		if got != want {
			t.Errorf("the handler's writer is a %s\nthe server's a %s", got, want)
		}
	}
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			server := startServer(t, protocol, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { check(t, w, r) }))
			ask(t, server, http.MethodGet)
		})
	}
	type bare struct{ http.ResponseWriter }
	b := bare{httptest.NewRecorder()}
	for i, w := range []http.ResponseWriter{
		b,
		struct {
			bare
			flusher
		}{bare: b},
		struct {
			bare
			errorFlusher
		}{bare: b},
		struct {
			bare
			hijacker
		}{bare: b},
		struct {
			bare
			pusher
		}{bare: b},
		struct {
			bare
			readerFrom
		}{bare: b},
		struct {
			bare
			stringWriter
		}{bare: b},
		struct {
			bare
			deadlines
			fullDuplex
		}{bare: b},
		struct {
			bare
			flusher
			hijacker
			readerFrom
			stringWriter
		}{bare: b},
		struct {
			bare
			flusher
			errorFlusher
			hijacker
			pusher
			readerFrom
			stringWriter
			deadlines
			fullDuplex
		}{bare: b},
	} {
		t.Run(fmt.Sprint("combination ", i), func(t *testing.T) {
			check(t, w, httptest.NewRequest(http.MethodGet, "/", nil))
		})
	}
}

// The writers of net/http's servers are wrapped by the types made for them. When
// net/http changes, the slower way would still do, but nobody would notice.
func TestHandlerKnowsTheServersWriters(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	for _, protocol := range protocols {
		server := startServer(t, protocol, f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, http1 := w.(session.HTTP1Writer)
			_, http2 := w.(session.HTTP2Writer)
			if http1 != (r.ProtoMajor == 1) || http2 != (r.ProtoMajor == 2) {
				t.Errorf("%s: the writer is a %T", protocol, w)
			}
		})))
		ask(t, server, http.MethodGet)
	}
}
