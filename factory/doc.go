// Package factory turns settings into a session factory.
//
// [FromSettings] is the way in for most programs:
//
//	settings, err := settings.Load("production.ini")
//	...
//	sessions, err := factory.FromSettings(settings)
//	...
//	defer sessions.Close()
//	http.ListenAndServe(addr, sessions.Handler(mux))
//
// [Include] does the same for an application with a start-up of its own, as
// Pyramid's config.include does. Settings name codecs, connectors and hooks;
// [NewRegistry] knows the built-in ones, and an application registers its own
// there, or adds one connector by [WithConnector].
package factory
