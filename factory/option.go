package factory

import (
	"log/slog"
	"net/http"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// Option changes what FromSettings and Include do beside the settings.
type Option func(*config)

type config struct {
	registry     *Registry
	connectors   Registry // what WithConnector has added; only its connectors are used
	logger       *slog.Logger
	errorHandler func(http.ResponseWriter, *http.Request, error)
	observer     session.Observer
}

// WithRegistry has the names in the settings looked up in r. The default is
// NewRegistry().
func WithRegistry(r *Registry) Option { return func(c *config) { c.registry = r } }

// WithConnector adds a connector that opens a store once, at start-up, for
// redis.sessions.custom_connect. The Redis inside the program is one:
//
//	factory.WithConnector("embedded", embedded.Connect)
//
// The name is added for one factory, beside those of the registry, which is not
// changed. It panics as Registry.Connect does: when the name is empty or
// registered already, or when f is nil.
func WithConnector(name string, f connect.Func) Option {
	return func(c *config) { c.connectors.Connect(name, f) }
}

// WithLogger sends the log to l. The default is slog.Default(). No session ID,
// secret or password is ever logged. The lines that go-redis writes itself go there
// at Debug; it has one logger for the process, so that the last factory's counts.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithErrorHandler lets f answer a request whose session could not be loaded or
// saved, or for which a logout, a renewal or a CSRF token failed. The default is
// that of session.Options.ErrorHandler. The error is for the log, not for the
// visitor: it may name Redis's address.
func WithErrorHandler(f func(http.ResponseWriter, *http.Request, error)) Option {
	return func(c *config) { c.errorHandler = f }
}

// WithObserver sets an observer, which gets the events of all sessions. Those that
// redis.sessions.observer names and those of other calls of WithObserver get them too.
func WithObserver(o session.Observer) Option {
	return func(c *config) { c.observer = session.Observers(c.observer, o) }
}

func newConfig(opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	if c.registry == nil {
		c.registry = NewRegistry()
	}
	c.checkConnectors()
	if c.logger == nil {
		c.logger = slog.Default()
	}
	return c
}
