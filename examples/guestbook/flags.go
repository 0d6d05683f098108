package main

import (
	"flag"
	"fmt"
	"io"
)

type options struct {
	addr     string
	settings string
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("guestbook", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&o.settings, "settings", "", "settings `file`: .ini, .yaml, .toml or .json (default: development.ini here, or the built-in one)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("guestbook: %q is no flag; -h shows them", flags.Arg(0))
	}
	return o, nil
}
