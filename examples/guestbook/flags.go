package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
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
	flags.StringVar(&o.settings, "settings", "", "settings `file`: .ini, .yaml, .toml or .json (default: development.ini of the example)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("guestbook: %q is no flag; -h shows them", flags.Arg(0))
	}
	if o.settings == "" {
		file, err := defaultSettings()
		if err != nil {
			return o, err
		}
		o.settings = file
	}
	return o, nil
}

// defaultPlaces are where development.ini is, seen from the repository's root
// and from the example's own folder.
var defaultPlaces = []string{"examples/guestbook/development.ini", "development.ini"}

func defaultSettings() (string, error) {
	for _, file := range defaultPlaces {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return file, nil
		}
	}
	return "", fmt.Errorf("guestbook: there is no %s here; name a settings file with -settings",
		strings.Join(defaultPlaces, " and no "))
}
