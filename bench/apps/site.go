package apps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// httpSite is a Site made of a net/http handler.
type httpSite struct {
	server     *http.Server
	closeRedis func() error
}

// newHTTPSite serves a handler. closeRedis ends what the handler has opened.
func newHTTPSite(handler http.Handler, closeRedis func() error) *httpSite {
	return &httpSite{server: &http.Server{Handler: handler}, closeRedis: closeRedis}
}

// arrived is what all requests have in common.
var arrived = &http.Request{
	Method: http.MethodGet,
	Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	Host:       "www.example.com",
	RemoteAddr: "127.0.0.1:50000",
	Body:       http.NoBody,
}

// Call implements Site. It makes anew what net/http's server makes for every
// request, and takes only the network and the parsing out.
func (s *httpSite) Call(route, cookie string) (Answer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := arrived.WithContext(ctx)
	r.RequestURI = route
	r.URL = &url.URL{}
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(route, "?")
	r.Header = make(http.Header, 1)
	if cookie != "" {
		r.Header["Cookie"] = []string{cookie}
	}
	w := &response{header: make(http.Header)}
	s.server.Handler.ServeHTTP(w, r)
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return Answer{Status: w.status, SetCookie: w.header["Set-Cookie"], Body: string(w.body)}, nil
}

// Serve implements Site.
func (s *httpSite) Serve(l net.Listener) error {
	if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("apps: serve: %w", err)
	}
	return nil
}

// Close implements Site.
func (s *httpSite) Close() error {
	return errors.Join(s.server.Close(), s.closeRedis())
}

// routes are the five handlers of an application, and more by their paths where there are
// some.
type routes struct {
	create, read, write, invalidate http.HandlerFunc
	more                            map[string]http.HandlerFunc
}

// mux returns the handlers under their paths. /unused is everybody's.
func (r routes) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /unused", unused)
	mux.HandleFunc("GET /create", r.create)
	mux.HandleFunc("GET /read", r.read)
	mux.HandleFunc("GET /write", r.write)
	mux.HandleFunc("GET /invalidate", r.invalidate)
	for path, handler := range r.more {
		mux.HandleFunc("GET "+path, handler)
	}
	return mux
}

// done is the page of a route that has nothing to show.
const done = "done\n"

func unused(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, done) }
