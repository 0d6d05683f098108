package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/load"
	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/wire"
)

// openedSites are applications that are open, here or in a process of their
// own.
type openedSites struct {
	config  apps.Config
	sites   []measure.Site
	closers []func()

	counted *countedSites
}

// countedSites are the same applications once more, with a proxy between them
// and Redis.
type countedSites struct {
	proxy *wire.Proxy
	sites map[string]apps.Site
}

func (o *openedSites) close() {
	for _, c := range o.closers {
		c()
	}
}

func (m *measurer) config(cell plannedCell) apps.Config {
	return apps.Config{Redis: m.stage.RedisAddr, Keys: cell.Keys, ValueBytes: cell.ValueBytes, Sliding: cell.Sliding}
}

// openAll opens the applications with the names given, in the order of the
// tables.
func (m *measurer) openAll(ctx context.Context, cfg apps.Config, names []string) (*openedSites, error) {
	o := &openedSites{config: cfg}
	var err error
	if m.stage.Via == record.ViaHTTP {
		err = o.connect(ctx, names, m.stage.ServerCore, m.stage.AtOnce)
	} else {
		err = o.openHere(names, m.stage.AtOnce)
	}
	if err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// mostAside is how many requests at once make sessions between the samples.
const mostAside = 16

// openHere opens the applications in this process.
func (o *openedSites) openHere(names []string, atOnce int) error {
	sites, err := openSites(o.config, names)
	if err != nil {
		return err
	}
	o.closeLater(sites)
	for _, app := range apps.All() {
		if site := sites[app.Name]; site != nil {
			callers := slices.Repeat([]apps.Caller{site}, atOnce)
			o.sites = append(o.sites, measure.Site{App: app.Name, Callers: callers, Aside: callers[:min(atOnce, mostAside)]})
		}
	}
	return nil
}

func (o *openedSites) closeLater(sites map[string]apps.Site) {
	o.closers = append(o.closers, func() {
		for _, site := range sites {
			_ = site.Close()
		}
	})
}

// connect opens each application in a process of its own and connects to it as often as there
// are to be requests at once. In one process for all, a collection of garbage would go through
// the memory of all, and whoever allocates much would pay for what the others keep.
func (o *openedSites) connect(ctx context.Context, names []string, core, atOnce int) error {
	for _, app := range apps.All() {
		if !slices.Contains(names, app.Name) {
			continue
		}
		server, err := begin(ctx, core, "serve", served{o.config, app.Name})
		if err != nil {
			return err
		}
		o.closers = append(o.closers, server.end)
		var addr string
		if err := server.answers.Decode(&addr); err != nil {
			return fmt.Errorf("bench: the process that serves %s: %w", app.Name, err)
		}
		if addr == "" {
			continue // it has not passed its check, which was said
		}
		site := measure.Site{App: app.Name}
		if site.Callers, err = o.dial(addr, atOnce, false, true); err != nil {
			return err
		}
		if site.Aside, err = o.dial(addr, min(atOnce, mostAside), true, atOnce == 1); err != nil {
			return err
		}
		// The check once more, with the client that is used here.
		if err := apps.Check(site.Aside[0], o.config); err != nil {
			return fmt.Errorf("bench: %s over HTTP: %w", app.Name, err)
		}
		o.sites = append(o.sites, site)
	}
	return nil
}

// dial connects n times. The answers of whole ones have cookies and bodies. With alone this
// process does nothing else while requests are under way.
func (o *openedSites) dial(addr string, n int, whole, alone bool) ([]apps.Caller, error) {
	var callers []apps.Caller
	for range n {
		c, err := load.Dial(addr, alone)
		if err != nil {
			return nil, err
		}
		c.Whole = whole
		o.closers = append(o.closers, func() { _ = c.Close() })
		callers = append(callers, c)
	}
	return callers, nil
}

// count adds allocations and traffic to the results.
func (o *openedSites) count(results []record.Result) error {
	if o.counted == nil {
		if err := o.openCounted(); err != nil {
			return err
		}
	}
	for i, r := range results {
		if i > 0 && results[i-1].App == r.App {
			// What is counted is the same for all results of an application.
			for _, unit := range []string{record.Allocs, record.Bytes, record.Trips, record.Sent, record.Received} {
				r.Values[unit] = results[i-1].Values[unit]
			}
			continue
		}
		for _, site := range o.sites {
			if site.App != r.App {
				continue
			}
			if err := measure.Memory(&r, site.Aside[0]); err != nil {
				return fmt.Errorf("%s: %w", r.Name(r.App), err)
			}
		}
		if err := measure.Traffic(&r, o.counted.sites[r.App], o.counted.proxy); err != nil {
			return fmt.Errorf("%s: %w", r.Name(r.App), err)
		}
	}
	return nil
}

func (o *openedSites) openCounted() error {
	proxy, err := wire.NewProxy(o.config.Redis)
	if err != nil {
		return err
	}
	o.closers = append(o.closers, func() { _ = proxy.Close() })
	cfg := o.config
	cfg.Redis = proxy.Addr()
	var names []string
	for _, site := range o.sites {
		names = append(names, site.App)
	}
	sites, err := openSites(cfg, names)
	if err != nil {
		return err
	}
	o.closeLater(sites)
	o.counted = &countedSites{proxy, sites}
	return nil
}
