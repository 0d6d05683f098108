package session

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// unwrapped is which routes the program's logger was told of that have no
// Handler around them. They belong to no Factory, and so to no factory's logger.
var unwrapped atomic.Pointer[loggedRoutes]

// loggedRoutes are the routes that a logger has a line about.
type loggedRoutes struct {
	logger *slog.Logger
	routes oncePerRoute
}

// noHandler returns ErrNoHandler and logs it, once for each route. A program that
// sets another default logger, as most do when they start, finds the lines there.
func noHandler(ctx context.Context, method, route string) error {
	logger := slog.Default()
	logged := unwrapped.Load()
	if logged == nil || logged.logger != logger {
		logged = &loggedRoutes{logger: logger}
		unwrapped.Store(logged)
	}
	if logged.routes.first(route) {
		logger.LogAttrs(ctx, slog.LevelError,
			"session: a session was asked for outside a session Handler; put it around the whole application: factory.Handler(mux), with CSRFProtection and other middleware that uses the session inside",
			slog.String("method", method), slog.String("route", route), errorAttr(ErrNoHandler))
	}
	return ErrNoHandler
}
