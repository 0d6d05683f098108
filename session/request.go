package session

import (
	"errors"
	"net/http"
)

// ErrNoHandler is returned by FromRequest for a request that did not come
// through Factory.Handler.
var ErrNoHandler = errors.New("session: the request did not come through a session Handler; wrap the application's handler with Factory.Handler, or call Factory.Get")

// FromRequest returns the session of a request that came through a Handler: it
// is Factory.Get for code that has no Factory at hand, as Pyramid's
// request.session is. Where handlers of several factories are nested, it is the
// innermost one's. Outside every Handler the error is ErrNoHandler, which goes
// to slog's default logger too, once for each route: there nothing but the
// application itself can answer.
func FromRequest(r *http.Request) (*Session, error) {
	x := innermost(r.Context())
	if x == nil {
		return nil, noHandler(r.Context(), r.Method, r.Pattern)
	}
	return x.get(r)
}
