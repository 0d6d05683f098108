package ginsession

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/pyramidgo/redissessions/session"
)

// Handler returns gin middleware that is f.Handler: it goes on the engine or on a
// group, which then is the part of the application that has sessions. On both it
// does its work once. gin.Recovery goes before it, and so does what compresses
// responses.
//
// The session's log names a request by its route, as gin's c.FullPath returns it.
// For that Handler sets the request's Pattern.
func Handler(f *session.Factory) gin.HandlerFunc {
	through := wrap(f.Handler)
	return func(c *gin.Context) {
		if route := c.FullPath(); route != "" {
			c.Request.Pattern = route
		}
		through(c)
	}
}

// CSRF returns gin middleware that is p.Handler, and goes behind Handler: it
// refuses unsafe requests from other sites and without the session's token, and
// aborts the chain. A nil p is the zero session.CSRFProtection.
func CSRF(p *session.CSRFProtection) gin.HandlerFunc {
	if p == nil {
		p = new(session.CSRFProtection)
	}
	return wrap(p.Handler)
}

// Get returns the session of a request: it is session.FromRequest for gin. When the
// load failed, it aborts the chain, so that no later handler runs without its
// session, and adds the error to c.Errors; the session's error handler answers,
// whatever the handler that called Get writes.
//
// Where there is no Handler around, the error is session.ErrNoHandler, and Get
// answers with status 500.
func Get(c *gin.Context) (*session.Session, error) {
	s, err := session.FromRequest(c.Request)
	switch {
	case errors.Is(err, session.ErrNoHandler):
		_ = c.AbortWithError(http.StatusInternalServerError, err)
	case err != nil:
		_ = c.Error(err)
		c.Abort()
	}
	return s, err
}

// wrap makes gin middleware of net/http middleware. When that answers itself, the
// chain is aborted.
func wrap(middleware func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		outer, passed := c.Writer, false
		// Also after a panic: what gin.Recovery writes around this goes to the
		// writer around this.
		defer func() { c.Writer = outer }()
		middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Writer = writerFor(outer, w)
			c.Next()
		})).ServeHTTP(outer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}
