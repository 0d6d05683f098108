package factory

import (
	"log/slog"
	"net/http"
)

// Option changes what FromSettings and Include do beside the settings.
type Option func(*config)

type config struct {
	registry     *Registry
	logger       *slog.Logger
	errorHandler func(http.ResponseWriter, *http.Request, error)
}

// WithRegistry has the names in the settings looked up in r. The default is
// NewRegistry().
func WithRegistry(r *Registry) Option { return func(c *config) { c.registry = r } }

// WithLogger sends the log to l. The default is slog.Default(). No session ID,
// secret or password is ever logged.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithErrorHandler lets f answer a request whose session could not be loaded or
// saved, or for which a logout, a renewal or a CSRF token failed. The default is
// that of session.Options.ErrorHandler. The error is for the log, not for the
// visitor: it may name Redis's address.
func WithErrorHandler(f func(http.ResponseWriter, *http.Request, error)) Option {
	return func(c *config) { c.errorHandler = f }
}

func newConfig(opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	if c.registry == nil {
		c.registry = NewRegistry()
	}
	if c.logger == nil {
		c.logger = slog.Default()
	}
	return c
}
