// Pyramid is a Go service beside a Pyramid application: one INI file, one Redis,
// one cookie, one login.
//
//	go run ./examples/pyramid
//
// It starts both, and a proxy in front of them: /py/ is Python's, all else is
// Go's. With -check it does not wait for a browser, but logs in and out on each
// side, looks at the other, ends all sessions of a user from each side, and ends.
//
// Python needs Pyramid (Debian: apt install python3-pyramid); -python names the
// interpreter that has it.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp): // the flags were what was asked for
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	flags := flag.NewFlagSet("pyramid", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` of the proxy")
	redis := flags.String("redis", "", "`URL` of a Redis (default: one inside this program)")
	python := flags.String("python", "", "Python `interpreter` with Pyramid (default: the first python3 on the PATH that has it)")
	format := flags.String("format", "", "Python `package` that keeps the sessions: pyramid_session_redis or pyramid_redis_sessions (default: that of pyramid.ini)")
	check := flags.Bool("check", false, "check that each side sees the other's login, and end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *check {
		*addr = "127.0.0.1:0"
	}
	s, err := start(ctx, stackOptions{addr: *addr, redis: *redis, python: *python, format: *format})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if *check {
		return s.check(ctx, stdout)
	}
	fmt.Fprintf(stdout, "pyramid: %s/ is Go's, %s/py/ is Python's (Ctrl-C stops both)\n", s.url, s.url)
	<-ctx.Done()
	return nil
}
