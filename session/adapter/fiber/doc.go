// Package fibersession brings the sessions of a session.Factory into fiber v3.
//
//	app := fiber.New()
//	app.Use(recover.New(), fibersession.Handler(sessions), fibersession.CSRF(nil))
//	app.Post("/sign", func(c fiber.Ctx) error {
//		s, err := fibersession.Get(c)
//		if err != nil {
//			return err // the session's error handler answers: 503 when Redis is down
//		}
//		s.Flash("", "Thank you")
//		return c.Redirect().Status(fiber.StatusSeeOther).To("/")
//	})
//
// fiber is built on fasthttp, which sends a response when the application has
// returned. The session is saved before that, and its cookie put among the
// response's header lines (session.Factory.Serve). A http.Request is made only for the hooks
// of session.Options that get one, for the CSRF check of unsafe methods, and for the paths of
// device bound sessions. No body is copied, except a form's in which CSRF looks for the token.
//
// A stream (SendStreamWriter) and a websocket therefore begin after the save. Get the
// session before, and capture it: the stream may read it, Touch it and Invalidate it;
// Renew returns ErrHeaderWritten, and what it sets is not saved. fiber's ErrorHandler,
// which makes a page of an error that a handler returned, runs after the save too.
package fibersession
