package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/pyramidgo/redissessions/session/internal/respwriter"
)

// Handler wraps an application's handler so that Get finds the request's
// session, and the session is saved just before the first byte of the response.
// When the save fails, the error handler answers and the application's page is
// not sent. Changes after the first byte are saved when the handler returns,
// unless they need a cookie: those are lost, and logged as an error.
//
// After a Hijack the application writes the header itself. The cookie of a session that
// was begun or renewed is in w.Header() then: give that to what writes the answer, such
// as a websocket's upgrader, or the browser does not get it.
//
// It panics when it is put right around the Handler of another factory and both bind
// sessions to the browser below one path (Options.DeviceBound). Where other middleware stands
// between the two, the first request logs the error.
func (f *Factory) Handler(next http.Handler) http.Handler {
	for inner, ok := next.(*handler); ok; inner, ok = inner.next.(*handler) {
		if err := onePath(f, inner.f); err != nil {
			panic(err)
		}
	}
	return &handler{f, next}
}

// handler is what Handler returns.
type handler struct {
	f    *Factory
	next http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := h.f
	if f.exchangeOf(r) != nil { // wrapped twice
		h.next.ServeHTTP(w, r)
		return
	}
	if f.binding != nil && f.binding.Serves(r.URL.Path) {
		f.serveBinding(w, r)
		return
	}
	x := f.open(r, w.Header(), r.Header["Cookie"])
	x.out = respwriter.New(w, x)
	x.serve(func() { h.next.ServeHTTP(x.out.Wrap(), x.r) })
}

// Incoming is a request, and the header of the response to it, on a server that is not
// net/http's, for Factory.Serve and CSRFProtection.Serve. Its texts are kept as they are:
// copy them where the server uses their memory again.
type Incoming struct {
	Method, Path string
	// Cookies are the lines of the Cookie field.
	Cookies []string
	// TLS says that the request came over TLS, for SecureAuto.
	TLS bool
	// Header is the response's. Serve reads what stands in it before Next is called, and
	// again when Next has returned or panicked: Next brings this map up to date, and does not
	// put another in its place. Then Serve changes it, and the server sends what it has
	// become. A nil Header is replaced by an empty one.
	Header http.Header
	// Route is the pattern of the request's route, for log lines: Next sets it.
	Route string
	// Request returns a copy of the whole request, with its Method, URL, Header, Host, Body
	// and TLS. It is called, once, where a http.Request is needed: for the hooks of Options that
	// get one (Observer, OnInvalid, Passive, StoreFor, Users.Describe, ErrorHandler), for the
	// paths of Options.DeviceBound, and for the CSRF check of an unsafe method. It is required.
	Request func() *http.Request
	// Next runs the application, which finds its session by FromContext. It is required. It
	// must not send the response.
	Next func(ctx context.Context)
}

// Answer is a response in place of the application's. Its header is Incoming.Header.
type Answer struct {
	Code int
	Body []byte
}

// Serve is Handler for a server that has neither a http.Request nor a http.ResponseWriter,
// such as fasthttp's: it calls in.Next, saves the session, and puts the cookie and the other
// header fields into in.Header. When that has failed, it returns the error handler's answer,
// which must be sent and not the application's page; it is nil otherwise. A panic of in.Next
// goes on when in.Header is complete. The context is that of the request.
func (f *Factory) Serve(ctx context.Context, in *Incoming) *Answer {
	if f.exchangeIn(ctx) != nil {
		in.Next(ctx)
		return nil
	}
	kept := in.kept()
	if f.binding != nil && f.binding.Serves(in.Path) {
		f.serveBinding(kept, in.Request().WithContext(ctx))
		return answerOf(kept)
	}
	r := &http.Request{Method: in.Method}
	if f.showsRequests {
		r = in.Request()
	}
	if r.TLS == nil && in.TLS {
		r.TLS = new(tls.ConnectionState)
	}
	x := f.open(r.WithContext(ctx), in.Header, in.Cookies)
	x.out = respwriter.New(kept, x)
	x.serve(func() {
		defer func() { x.r.Pattern = in.Route }()
		in.Next(x.r.Context())
	})
	if x.hasAnswered() {
		return answerOf(kept)
	}
	return nil
}

// kept returns a ResponseWriter for an answer in place of the application's.
func (in *Incoming) kept() *respwriter.Kept {
	if in.Header == nil {
		in.Header = http.Header{}
	}
	return &respwriter.Kept{Fields: in.Header}
}

func answerOf(kept *respwriter.Kept) *Answer {
	code, body := kept.Answer()
	return &Answer{Code: code, Body: body}
}

// open begins the exchange of a request that came in with these Cookie lines. h is the
// response's header.
func (f *Factory) open(r *http.Request, h http.Header, cookies []string) *exchange {
	x := &exchange{f: f, outer: innermost(r.Context()), h: h, in: r}
	if f.binding != nil && x.outer != nil {
		f.logOnePath(x)
	}
	x.cookies = append(x.line[:0], cookies...)
	if f.opts.AllowCookie != nil {
		x.early = x.h.Clone()
	}
	x.outside = x.h["Content-Encoding"]
	x.r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	return x
}

// serve runs the application's handler and ends the exchange.
func (x *exchange) serve(next func()) {
	returned := false
	defer x.removeForms()
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
	next()
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

// ErrNoHandler is returned by FromRequest and FromContext for a request that did
// not come through Factory.Handler.
var ErrNoHandler = errors.New("session: the request did not come through a session Handler; wrap the application's handler with Factory.Handler, or call Factory.Get")

// FromRequest returns the session of a request that came through a Handler: it
// is Factory.Get for code that has no Factory at hand, as Pyramid's
// request.session is. Where handlers of several factories are nested, it is the
// innermost one's. The request may be a copy: the session is found by its
// context, and its cookies are those of the request that came in. Outside every
// Handler the error is ErrNoHandler, which goes to slog's default logger too, once
// for each route: there nothing but the application itself can answer.
func FromRequest(r *http.Request) (*Session, error) {
	x := innermost(r.Context())
	if x == nil {
		return nil, noHandler(r.Context(), r.Method, r.Pattern)
	}
	return x.get()
}

// FromContext returns the session of the request that a context belongs to: it
// is FromRequest for code that gets a context only, such as a service layer, or
// the handlers of huma, connect and gqlgen. The context may be derived from the
// request's. The load itself ends with the request, not with the context given
// here.
func FromContext(ctx context.Context) (*Session, error) {
	x := innermost(ctx)
	if x == nil {
		return nil, noHandler(ctx, "", "")
	}
	return x.get()
}

// unwrapped are the routes without a Handler around them that slog's default logger has a
// line about. There is no Factory whose logger could have it.
var unwrapped atomic.Pointer[loggedRoutes]

// loggedRoutes are the routes that a logger has a line about.
type loggedRoutes struct {
	logger *slog.Logger
	routes oncePerRoute
}

// noHandler returns ErrNoHandler and logs it, once for each route. A program that
// sets another default logger, as most do when they start, finds the lines there.
func noHandler(ctx context.Context, method, route string) error {
	logger := slog.Default()
	logged := unwrapped.Load()
	if logged == nil || logged.logger != logger {
		logged = &loggedRoutes{logger: logger}
		unwrapped.Store(logged)
	}
	if logged.routes.first(route) {
		logger.LogAttrs(ctx, slog.LevelError,
			"session: a session was asked for outside a session Handler; put it around the whole application: factory.Handler(mux), with CSRFProtection and other middleware that uses the session inside",
			slog.String("method", method), slog.String("route", route), errorAttr(ErrNoHandler))
	}
	return ErrNoHandler
}

// maxRoutes bounds what oncePerRoute remembers.
const maxRoutes = 1000

// oncePerRoute is for log lines about a mistake in the program, which each
// request of a route would repeat. Beyond maxRoutes routes there are no more
// lines. The zero value is ready to use.
type oncePerRoute struct {
	mu   sync.Mutex
	seen map[string]bool
}

// first reports whether a route has not been seen yet.
func (o *oncePerRoute) first(route string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen[route] || len(o.seen) >= maxRoutes {
		return false
	}
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	o.seen[route] = true
	return true
}
