package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

type stackOptions struct{ addr, redis, python, format string }

// stack is all that runs: Redis, the Python application, the Go service, and
// the proxy in front of the two.
type stack struct {
	url     string
	closers []func() error
}

// Close ends everything, the last first.
func (s *stack) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

func start(ctx context.Context, o stackOptions) (_ *stack, err error) {
	s := &stack{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	dir, err := exampleDir()
	if err != nil {
		return nil, err
	}
	ini := filepath.Join(dir, "pyramid.ini")
	if o.redis == "" {
		if o.redis, err = s.startRedis(); err != nil {
			return nil, err
		}
	}
	python, err := s.startPython(ctx, o, filepath.Join(dir, "shared_app.py"), ini)
	if err != nil {
		return nil, err
	}
	service, err := s.startService(ini, o)
	if err != nil {
		return nil, err
	}
	return s, s.startFront(ctx, o.addr, python, service)
}

// startRedis starts a Redis inside this program that speaks TCP, so that Python
// reaches it too. Its clock stands still: records do not expire there, but by
// the time of expiry that is in them.
func (s *stack) startRedis() (string, error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return "", fmt.Errorf("pyramid: redis: %w", err)
	}
	s.closers = append(s.closers, func() error { m.Close(); return nil })
	return "redis://" + m.Addr() + "/0", nil
}

// startService makes the Go service from the Pyramid application's settings.
func (s *stack) startService(ini string, o stackOptions) (http.Handler, error) {
	source, err := settings.Load(ini)
	if err != nil {
		return nil, err
	}
	source.Set("go.redis.sessions.url", o.redis)
	if o.format != "" {
		source.Set("go.redis.sessions.format", o.format)
	}
	sessions, err := factory.FromSettings(source)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, sessions.Close)
	service := &service{sessions: sessions}
	return sessions.Handler(service.routes()), nil
}

// startFront starts the proxy, in the place of an nginx.
func (s *stack) startFront(ctx context.Context, addr string, python *url.URL, service http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("pyramid: -addr %s: %w", addr, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/py/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(python)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}})
	mux.Handle("/", service)
	// One wall against forged requests for both sides.
	protected := http.NewCrossOriginProtection().Handler(mux)
	server := &http.Server{Handler: protected, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.closers = append(s.closers, func() error {
		err := server.Close()
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	})
	s.url = "http://" + listener.Addr().String()
	return nil
}
