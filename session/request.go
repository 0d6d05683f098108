package session

import (
	"context"
	"errors"
	"net/http"
)

// ErrNoHandler is returned by FromRequest and FromContext for a request that did
// not come through Factory.Handler.
var ErrNoHandler = errors.New("session: the request did not come through a session Handler; wrap the application's handler with Factory.Handler, or call Factory.Get")

// FromRequest returns the session of a request that came through a Handler: it
// is Factory.Get for code that has no Factory at hand, as Pyramid's
// request.session is. Where handlers of several factories are nested, it is the
// innermost one's. The request may be a copy: the session is found by its
// context, and its cookies are those of the request that came in. Outside every
// Handler the error is ErrNoHandler, which goes to slog's default logger too, once
// for each route: there nothing but the application itself can answer.
func FromRequest(r *http.Request) (*Session, error) {
	x := innermost(r.Context())
	if x == nil {
		return nil, noHandler(r.Context(), r.Method, r.Pattern)
	}
	return x.get()
}

// FromContext returns the session of the request that a context belongs to: it
// is FromRequest for code that gets a context only, such as a service layer, or
// the handlers of huma, connect and gqlgen. The context may be derived from the
// request's. The load itself ends with the request, not with the context given
// here.
func FromContext(ctx context.Context) (*Session, error) {
	x := innermost(ctx)
	if x == nil {
		return nil, noHandler(ctx, "", "")
	}
	return x.get()
}
