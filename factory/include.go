package factory

import (
	"net/http"

	"github.com/pyramidgo/redissessions/settings"
)

// App is an application's start-up, as far as Include needs it: what Pyramid's
// Configurator is to config.include.
type App interface {
	// Settings are the application's settings.
	Settings() settings.Source
	// Use adds middleware around the application's handlers.
	Use(...func(http.Handler) http.Handler)
	// OnShutdown registers a function to call when the application ends.
	OnShutdown(func())
}

// Include gives an application sessions: it makes a factory from the
// application's settings, adds its Handler to the middleware and closes it at
// shutdown. Handlers then get their session by session.FromRequest. When it
// returns an error, nothing was added.
func Include(app App, opts ...Option) error {
	f, err := FromSettings(app.Settings(), opts...)
	if err != nil {
		return err
	}
	app.Use(f.Handler)
	logger := newConfig(opts).logger
	app.OnShutdown(func() {
		if err := f.Close(); err != nil {
			logger.Error("redis.sessions: close: " + err.Error())
		}
	})
	return nil
}
