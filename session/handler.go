package session

import (
	"context"
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
		x := &exchange{f: f, outer: innermost(r.Context()), w: w, h: w.Header(), in: r}
		x.cookies = append(x.line[:0], r.Header["Cookie"]...)
		x.outside = x.h["Content-Encoding"]
		x.r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
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

// exchangeKey is the context key of the exchange whose Handler was passed last.
type exchangeKey struct{}

// innermost returns the exchange whose Handler was passed last, nil when there
// is none.
func innermost(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// exchangeOf returns the exchange of this factory's Handler, nil when the request
// has not come through it.
func (f *Factory) exchangeOf(r *http.Request) *exchange {
	x := innermost(r.Context())
	for x != nil && x.f != f {
		x = x.outer
	}
	return x
}

// Format prints the exchange without what it holds of the request, whatever the
// verb.
func (x *exchange) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[session exchange]") }
