// Package apps holds the same small application once for each of the session
// libraries that are compared.
//
// Every application has five routes, which answer GET:
//
//	/unused      does not touch the session
//	/create      begins a session of Config.Keys keys and gives the visitor its cookie
//	/read        reads one key and writes its value as the body; /read?key=key-007 another one
//	/write       sets one key to a value that differs from visit to visit, and writes it as the body
//	/invalidate  ends the session
package apps

import (
	"net"
	"net/http"
)

// Config says what an application is to serve with.
type Config struct {
	// Redis is the address of the server, host:port.
	Redis string
	// Keys is how many keys /create puts into a session, 1 or more.
	Keys int
	// ValueBytes is how long the value of each key is. With fewer than 10 the
	// values repeat.
	ValueBytes int
	// Sliding asks for an idle timeout that every visit restarts.
	Sliding bool
}

// App is one application.
type App struct {
	// Name is what the tables call it: library, then client where there are several.
	Name string
	// CanSlide is whether the library can restart an idle timeout by itself.
	CanSlide bool
	// Open starts the application.
	Open func(Config) (Site, error)
}

// Site is an application that serves.
type Site interface {
	// Call makes one request without a network, by the shortest way that the
	// library's framework has. cookie is the value of the Cookie header.
	Call(route, cookie string) (Answer, error)
	// Serve serves HTTP/1.1 on a listener until Close.
	Serve(l net.Listener) error
	// Close ends the site and its connections to Redis.
	Close() error
}

// Answer is what came back.
type Answer struct {
	Status int
	// SetCookie holds the Set-Cookie lines as they came. Reading them is left to
	// those who want to know: a library that sets a cookie with every response
	// must not pay for a browser in the comparison.
	SetCookie []string
	Body      string
}

// Cookies returns the cookies that the answer sets.
func (a Answer) Cookies() []*http.Cookie {
	return (&http.Response{Header: http.Header{"Set-Cookie": a.SetCookie}}).Cookies()
}
