package session

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"

	"github.com/felixge/httpsnoop"
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
		x := &exchange{f: f, w: w, h: w.Header()}
		r = r.WithContext(&exchangeContext{r.Context(), x})
		x.r = r
		returned := false
		defer func() {
			switch {
			case returned:
			case x.hasAnswered():
				// httputil.ReverseProxy and others abort the response when a
				// write fails. The error handler's answer must not go with it.
				if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
					panic(v)
				}
			default: // a panic goes on by itself; recovering would lose its stack
				x.panicked()
			}
		}()
		next.ServeHTTP(x.wrap(), r)
		returned = true
		x.finish()
	})
}

// exchangeContext carries the exchange under its factory: one allocation less
// than context.WithValue, and several factories do not meet.
type exchangeContext struct {
	context.Context
	x *exchange
}

type exchangeKey struct{ f *Factory }

func (c *exchangeContext) Value(key any) any {
	if key == (exchangeKey{c.x.f}) || key == (innermost{}) {
		return c.x
	}
	return c.Context.Value(key)
}

func (f *Factory) exchangeOf(r *http.Request) *exchange {
	x, _ := r.Context().Value(exchangeKey{f}).(*exchange)
	return x
}

// wrap returns a ResponseWriter with the optional interfaces of the original,
// whose every way to send the header passes by sendHeader first.
func (x *exchange) wrap() http.ResponseWriter {
	return httpsnoop.Wrap(x.w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(code int) {
				if informational(code) || x.sendHeader() == nil {
					next(code)
				}
			}
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(b []byte) (int, error) {
				if err := x.sendHeader(); err != nil {
					return 0, err
				}
				return next(b)
			}
		},
		WriteString: func(next httpsnoop.WriteStringFunc) httpsnoop.WriteStringFunc {
			return func(s string) (int, error) {
				if err := x.sendHeader(); err != nil {
					return 0, err
				}
				return next(s)
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(src io.Reader) (int64, error) {
				if err := x.sendHeader(); err != nil {
					return 0, err
				}
				return next(src)
			}
		},
		Flush: func(next httpsnoop.FlushFunc) httpsnoop.FlushFunc {
			return func() {
				if x.sendHeader() == nil {
					next()
				}
			}
		},
		FlushError: func(next httpsnoop.FlushErrorFunc) httpsnoop.FlushErrorFunc {
			return func() error {
				if err := x.sendHeader(); err != nil {
					return err
				}
				return next()
			}
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				if err := x.sendHeader(); err != nil {
					return nil, nil, err
				}
				return next()
			}
		},
	})
}

// informational reports whether a status is interim: 1xx but 101, which is the
// response itself (RFC 9110, section 15.2).
func informational(code int) bool {
	return code >= 100 && code < 200 && code != http.StatusSwitchingProtocols
}
