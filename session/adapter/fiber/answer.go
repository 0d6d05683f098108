package fibersession

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"slices"

	"github.com/gofiber/fiber/v3"
)

// answer is the ResponseWriter of the middleware. What is written to it is an answer
// in place of fiber's: fiber's own response, which is sent later, does not pass it.
// Only the header lines of both are kept equal.
type answer struct {
	c      fiber.Ctx
	header http.Header
	taken  http.Header // header as it was when it was last taken from fiber
	code   int
	body   bytes.Buffer
	left   bool // the response is fiber's
}

var (
	_ http.ResponseWriter = (*answer)(nil)
	_ http.Hijacker       = (*answer)(nil)
)

func newAnswer(c fiber.Ctx) *answer {
	a := &answer{c: c, header: http.Header{}}
	a.takeHeader()
	return a
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) {
	if a.code == 0 && (code >= 200 || code == http.StatusSwitchingProtocols) {
		a.code = code
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// Hijack leaves the response to fiber. There is no connection to be had.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.left = true
	return nil, nil, nil
}

// next runs the rest of the chain.
func (a *answer) next(r *http.Request) error {
	a.putHeader()
	a.c.SetContext(r.Context())
	defer func() {
		// Only now it is the route; before it was the middleware's own path.
		r.Pattern = string([]byte(a.c.FullPath()))
		a.takeHeader()
	}()
	return a.c.Next()
}

// takeHeader copies fiber's header lines.
func (a *answer) takeHeader() {
	clear(a.header) // the map itself is known to the middleware
	for name, line := range a.c.Response().Header.All() {
		a.header.Add(string(name), string(line))
	}
	a.taken = a.header.Clone()
}

// putHeader changes fiber's header lines where the middleware has changed them.
func (a *answer) putHeader() {
	h := &a.c.Response().Header
	for name := range a.taken {
		if _, ok := a.header[name]; !ok {
			h.Del(name)
		}
	}
	for name, lines := range a.header {
		if slices.Equal(lines, a.taken[name]) {
			continue
		}
		h.Del(name)
		for _, line := range lines {
			h.Add(name, line)
		}
	}
	a.taken = a.header.Clone()
}

// replacePage sends what was written here instead of fiber's page, stream or
// websocket.
func (a *answer) replacePage() {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	if a.body.Len() > 0 && a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", http.DetectContentType(a.body.Bytes()))
	}
	response := a.c.Response()
	response.SetBodyRaw(a.body.Bytes()) // closes a stream
	response.SetStatusCode(a.code)
	response.SkipBody = false
	a.c.RequestCtx().Hijack(nil)
	a.c.RequestCtx().HijackSetNoResponse(false)
}
