package fibersession

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v3"
)

// newRequest returns what the session, its hooks and the CSRF check read of a
// request. Its text is copied: fiber's belongs to the next request when the handler
// has returned, and a stream may use the session for longer.
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
	return r.WithContext(c.Context())
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
