package fibersession

import (
	"net/http"

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
func Handler(f *session.Factory) fiber.Handler { return wrap(f.Handler) }

// CSRF returns fiber middleware that is p.Handler, and goes behind Handler: it
// refuses unsafe requests from other sites and without the session's token. A nil p
// is the zero session.CSRFProtection.
func CSRF(p *session.CSRFProtection) fiber.Handler {
	if p == nil {
		p = new(session.CSRFProtection)
	}
	return wrap(p.Handler)
}

// Get returns the session of a request: it is session.FromContext for fiber, whose
// context is c.Context(). A handler that returns the error ends the chain; when it was
// the load that failed, the session's error handler answers. Where there is no Handler
// around, it is session.ErrNoHandler, which fiber's ErrorHandler answers with 500.
func Get(c fiber.Ctx) (*session.Session, error) { return session.FromContext(c.Context()) }

// wrap makes fiber middleware of net/http middleware that looks at headers and may
// answer in place of the application.
func wrap(middleware func(http.Handler) http.Handler) fiber.Handler {
	return func(c fiber.Ctx) (err error) {
		a := newAnswer(c)
		defer a.putHeader() // also for the error page of a panic
		middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err = a.next(r)
			// Of all methods it is Hijack that says whether the page may be sent.
			_, _, _ = http.NewResponseController(w).Hijack()
		})).ServeHTTP(a, newRequest(c))
		if a.left {
			return err
		}
		a.replacePage()
		return nil
	}
}
