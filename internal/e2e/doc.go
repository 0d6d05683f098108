// Package e2e holds the tests that need programs and libraries which no user of
// the library should have to download: a browser, a proxy that damages
// connections, a checker of linearizability. They are a module of their own, so
// that none of these is in the go.mod of redissessions.
//
//	faults          visitors of a site while its Redis or the network fails
//	linearizable    histories of concurrent requests, checked by porcupine
//	browser         Chromium: which cookies it keeps, and the guestbook
//	newuser         what go get and go mod tidy bring into an empty module
//
// make test runs them all; cd internal/e2e && go test ./... does by hand.
package e2e
