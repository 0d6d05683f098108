// Package factory turns settings into a session factory.
//
// [FromFile] is the way in for most programs:
//
//	sessions, err := factory.FromFile("production.ini")
//	...
//	defer sessions.Close()
//	http.ListenAndServe(addr, sessions.Handler(mux))
//
// [FromSettings] takes settings that the program has loaded already, or made in code.
// [Include] does the same for an application with a start-up of its own, as
// Pyramid's config.include does. Settings name codecs, connectors and hooks;
// [NewRegistry] knows the built-in ones, and an application registers its own
// there, or adds one connector by [WithConnector].
package factory
