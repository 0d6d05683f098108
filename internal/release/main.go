// Command release checks whether the repository can be released, and makes the release of it.
//
//	go run . check [NAME...]  each check is one line; the status is 1 when one fails
//	go run . require 0.2.0    the go.mod files in the repository require that version
//	go run . tag              makes the commit and the tags of the version in CHANGELOG.md
//	go run . proxy DIR        writes the tagged modules into a folder that can be a GOPROXY
//
// CONTRIBUTING.md has the steps of a release. The repository is the one of the working
// directory.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: check [NAME...] | require VERSION | tag | proxy DIR")

func run(ctx context.Context, args []string) error {
	r, err := open(ctx, ".")
	if err != nil {
		return err
	}
	switch {
	case len(args) > 0 && args[0] == "check":
		return r.check(ctx, os.Stdout, args[1:]...)
	case len(args) == 2 && args[0] == "require":
		return r.require(args[1])
	case len(args) == 1 && args[0] == "tag":
		return r.release(ctx, os.Stdout)
	case len(args) == 2 && args[0] == "proxy":
		v, err := r.changelog()
		if err != nil {
			return err
		}
		return r.proxy(ctx, v.version, args[1])
	}
	return errUsage
}
