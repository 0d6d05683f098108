package main

import (
	"net/http"
	"slices"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

var _ factory.App = (*application)(nil)

// application is the least that factory.Include can be included in.
type application struct {
	settings   settings.Source
	middleware []func(http.Handler) http.Handler
	atShutdown []func()
}

func (a *application) Settings() settings.Source { return a.settings }

func (a *application) Use(middleware ...func(http.Handler) http.Handler) {
	a.middleware = append(a.middleware, middleware...)
}

func (a *application) OnShutdown(f func()) { a.atShutdown = append(a.atShutdown, f) }

// handler wraps a view in the middleware, the first outermost.
func (a *application) handler(view http.Handler) http.Handler {
	for _, wrap := range slices.Backward(a.middleware) {
		view = wrap(view)
	}
	return view
}

// shutDown ends in the opposite order of how it began.
func (a *application) shutDown() {
	for _, f := range slices.Backward(a.atShutdown) {
		f()
	}
}
