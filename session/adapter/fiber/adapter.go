package fibersession

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/session"
)

// Handler returns fiber middleware that is f.Handler: it goes on the app or on a
// group, which then is the part of the application that has sessions. On both it
// does its work once. The session's log names a request by its route, as fiber's
// c.FullPath returns it.
//
// When the save fails, the session's error handler answers in place of the page, and
// an error that the handler returned is dropped. Otherwise that is passed on.
//
// With SecureAuto the cookie is Secure when fiber's c.Scheme is https, which behind a
// proxy is what fiber.Config.TrustProxy makes of it.
func Handler(f *session.Factory) fiber.Handler { return wrap(f.Serve) }

// CSRF returns fiber middleware that is p.Handler, and goes behind Handler: it
// refuses unsafe requests from other sites and without the session's token. A nil p
// is the zero session.CSRFProtection.
func CSRF(p *session.CSRFProtection) fiber.Handler {
	if p == nil {
		p = new(session.CSRFProtection)
	}
	return wrap(p.Serve)
}

// Get returns the session of a request: it is session.FromContext for fiber, whose
// context is c.Context(). A handler that returns the error ends the chain; when it was
// the load that failed, the session's error handler answers. Where there is no Handler
// around, it is session.ErrNoHandler, which fiber's ErrorHandler answers with 500.
func Get(c fiber.Ctx) (*session.Session, error) { return session.FromContext(c.Context()) }

// wrap makes fiber middleware of what a session or a CSRF check does around the
// application.
func wrap(serve func(context.Context, *session.Incoming) *session.Answer) fiber.Handler {
	return func(c fiber.Ctx) (err error) {
		h := newHeader(c)
		defer h.put() // also for the error page of a panic
		in := incoming(c)
		in.Header = h.lines
		in.Next = func(ctx context.Context) {
			c.SetContext(ctx)
			defer func() {
				// Only now it is the route; before it was the middleware's own path.
				in.Route = strings.Clone(c.FullPath())
				h.take()
			}()
			err = c.Next()
		}
		if answer := serve(c.Context(), in); answer != nil {
			replacePage(c, answer)
			return nil
		}
		return err
	}
}

// replacePage sends the answer and not fiber's page, stream or websocket.
func replacePage(c fiber.Ctx, answer *session.Answer) {
	response := c.Response()
	response.SetBodyRaw(answer.Body) // closes a stream
	response.SetStatusCode(answer.Code)
	response.SkipBody = false
	c.RequestCtx().Hijack(nil)
	c.RequestCtx().HijackSetNoResponse(false)
}
