package fibersession

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/session"
)

// incoming returns a request as the session reads it. Its texts are copied: fiber's belong
// to the next request when the handler has returned, and a stream may use the session for
// longer.
func incoming(c fiber.Ctx) *session.Incoming {
	in := &session.Incoming{
		Method:  strings.Clone(c.Method()),
		Path:    strings.Clone(c.Path()),
		TLS:     c.Scheme() == "https",
		Request: func() *http.Request { return newRequest(c) },
	}
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderCookie) {
		in.Cookies = append(in.Cookies, string(line))
	}
	return in
}

// newRequest returns a copy of the request for the hooks of session.Options and for the
// CSRF check.
func newRequest(c fiber.Ctx) *http.Request {
	header := make(http.Header, c.Request().Header.Len())
	for name, line := range c.Request().Header.All() {
		header.Add(string(name), string(line))
	}
	target := strings.Clone(c.OriginalURL())
	u, err := url.ParseRequestURI(target)
	if err != nil {
		u = &url.URL{Path: strings.Clone(c.Path())}
	}
	r := &http.Request{
		Method:        strings.Clone(c.Method()),
		URL:           u,
		RequestURI:    target,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Host:          strings.Clone(c.Host()),
		RemoteAddr:    c.RequestCtx().RemoteAddr().String(),
		Body:          io.NopCloser(&body{c: c}),
		ContentLength: max(-1, int64(c.Request().Header.ContentLength())), // less is "until the end" too
	}
	if c.Scheme() == "https" {
		if r.TLS = c.RequestCtx().TLSConnectionState(); r.TLS == nil {
			r.TLS = new(tls.ConnectionState) // a trusted proxy's
		}
	}
	return r
}

// body reads the request's body, which fiber keeps for the handlers to read again. A
// request that nothing reads it of costs nothing.
type body struct {
	c    fiber.Ctx
	read *bytes.Reader
}

func (b *body) Read(p []byte) (int, error) {
	if b.read == nil {
		b.read = bytes.NewReader(b.c.BodyRaw())
	}
	return b.read.Read(p)
}
