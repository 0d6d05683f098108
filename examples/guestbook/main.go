// Guestbook is a small web application that shows what sessions do: a flash
// message after a redirect, CSRF tokens, logging in, staying logged in, and
// logging out, here and on all other devices.
//
//	go run github.com/pyramidgo/redissessions/examples/guestbook@latest
//
// It keeps its sessions in a Redis inside the program, as development.ini beside
// this file says; -settings names another file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp): // the flags were what was asked for
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves the guestbook until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}

	// From here on it is what every application does: read the settings, ...
	source, file, err := loadSettings(flags.settings)
	if err != nil {
		return err
	}

	// ... make a session factory from them, ...
	sessions, err := factory.FromSettings(source,
		factory.WithErrorHandler(sessionFailed),
		factory.WithConnector("embedded", embedded.Connect)) // for embedded:// in development.ini
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sessions.Close()) }()

	// ... and wrap the application's handler. Handlers say sessions.Get(r).
	guestbook := newApp(sessions)
	handler := sessions.Handler(guestbook.routes())

	fmt.Fprintf(stdout, "guestbook: settings: %s\n", file)
	return serve(ctx, flags.addr, withHeaders(handler), stdout)
}
