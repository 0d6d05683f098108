package session

import (
	"fmt"
	"io"
	"net/http"
)

// Handler wraps an application's handler so that Get finds the request's
// session, and the session is saved just before the first byte of the response.
// When the save fails, the error handler answers and the application's page is
// not sent. Changes after the first byte are saved when the handler returns,
// unless they need a cookie: those are lost, and logged as an error.
func (f *Factory) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.exchangeOf(r) != nil { // wrapped twice
			next.ServeHTTP(w, r)
			return
		}
		x := &exchange{Context: r.Context(), f: f, w: w, h: w.Header()}
		x.outside = x.h["Content-Encoding"]
		x.r = r.WithContext(x)
		x.serve(next)
	})
}

// serve runs the application's handler and ends the exchange.
func (x *exchange) serve(next http.Handler) {
	returned := false
	defer func() {
		switch {
		case returned:
		case x.hasAnswered():
			// httputil.ReverseProxy and others abort the response, when
			// their source breaks, say. The error handler's answer must not
			// go with it.
			if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				panic(v)
			}
		default: // a panic goes on by itself; recovering would lose its stack
			x.panicked()
		}
	}()
	next.ServeHTTP(x.wrap(), x.r)
	returned = true
	x.finish()
}

type exchangeKey struct{ f *Factory }

// Value makes the exchange the context of its request: it carries itself, under
// its factory's key so that several factories do not meet.
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{x.f}) || key == (innermost{}) {
		return x
	}
	return x.Context.Value(key)
}

func (f *Factory) exchangeOf(r *http.Request) *exchange {
	x, _ := r.Context().Value(exchangeKey{f}).(*exchange)
	return x
}

// Format prints the context without what it knows of the request, whatever the
// verb.
func (x *exchange) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[session context]") }
