package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"

	"github.com/pyramidgo/redissessions/bench/apps"
)

// served is the task of a process that serves an application over loopback, so that it does
// not share a runtime with the client or with another application.
type served struct {
	Config apps.Config
	App    string
}

// serve serves the application until the end of its input. It answers with its address, or with
// "" when it has not passed its check.
func serve(_ context.Context, _ []string) error {
	var task served
	if err := readTask(&task); err != nil {
		return err
	}
	sites, err := openSites(task.Config, []string{task.App})
	if err != nil {
		return err
	}
	addr := ""
	if site := sites[task.App]; site != nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		addr = l.Addr().String()
		go func() {
			if err := site.Serve(l); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", task.App, err)
			}
		}()
	}
	if err := json.NewEncoder(answersFile()).Encode(addr); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// openSites opens and checks applications. One that fails its check is left out
// and said so: figures of an application that does something else would only
// mislead.
func openSites(cfg apps.Config, names []string) (map[string]apps.Site, error) {
	sites := map[string]apps.Site{}
	for _, app := range apps.All() {
		if !slices.Contains(names, app.Name) {
			continue
		}
		site, err := app.Open(cfg)
		if err != nil {
			return nil, fmt.Errorf("bench: %s: %w", app.Name, err)
		}
		if err := apps.Check(site, cfg); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s with %d keys of %d bytes is left out: %v\n", app.Name, cfg.Keys, cfg.ValueBytes, err)
			_ = site.Close()
			continue
		}
		sites[app.Name] = site
	}
	return sites, nil
}
