package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// goodbye is how long requests under way may take when the program ends.
const goodbye = 5 * time.Second

// serve answers requests at addr until ctx ends, and then lets those under way
// finish.
func serve(ctx context.Context, addr string, handler http.Handler, stdout io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("guestbook: %s is in use, perhaps by another guestbook; choose another port (-addr 127.0.0.1:8081) or let one be found (-addr 127.0.0.1:0)", addr)
	case err != nil:
		return fmt.Errorf("guestbook: -addr %s: %w", addr, err)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "guestbook: open %s in a browser; Ctrl-C stops it\n", clickable(listener.Addr()))

	select {
	case err := <-failed:
		return fmt.Errorf("guestbook: %w", err)
	case <-ctx.Done():
	}
	fmt.Fprintln(stdout, "guestbook: stopping; Ctrl-C again does not wait for requests under way")
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return fmt.Errorf("guestbook: requests were still under way: %w", errors.Join(err, server.Close()))
	}
	return nil
}

// clickable returns the URL of an address as a browser on this machine reaches
// it: one that listens everywhere is localhost.
func clickable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}
