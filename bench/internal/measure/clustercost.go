package measure

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/load"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// ClusterRoutes are the requests of which the cost for the servers is measured, with the
// commands that they send, without those inside scripts.
var ClusterRoutes = []struct {
	Route    string
	commands []string
}{
	{"read", []string{"get", "getex"}},
	{"write", []string{"get", "getex", "evalsha"}},
	{"create", []string{"set"}},
	{"invalidate", []string{"getex", "evalsha"}},
}

// costed is one application on one deployment.
type costed struct {
	*deployment
	app     string
	callers []apps.Caller
	cookies []string
	samples map[string][]map[string]float64 // by route
	n       map[string]int
}

// cost measures what a request of each route costs the servers, in turns.
func (c *Cluster) cost(ctx context.Context, deployments []*deployment, keys int) ([]record.Result, error) {
	var all []*costed
	for _, d := range deployments {
		if err := flush(ctx, d.servers...); err != nil {
			return nil, err
		}
		for app, extra := range map[string]map[string]any{UserApp: nil, AutoPipelined: {"auto_pipeline": "auto"}} {
			site, err := c.open(d.url, keys, extra)
			if err != nil {
				return nil, fmt.Errorf("measure: %s on %d nodes: %w", app, d.nodes, err)
			}
			defer func() { _ = site.Close() }()
			all = append(all, &costed{
				deployment: d, app: app, callers: slices.Repeat([]apps.Caller{site}, c.AtOnce),
				samples: map[string][]map[string]float64{}, n: map[string]int{},
			})
		}
	}
	slices.SortFunc(all, func(a, b *costed) int { return a.nodes*100 + len(a.app) - b.nodes*100 - len(b.app) })
	for _, route := range ClusterRoutes {
		for i := range c.Rounds + 1 {
			for _, a := range all {
				if err := a.sample(ctx, c, route.Route, route.commands, i > 0); err != nil {
					return nil, fmt.Errorf("measure: %s on %d nodes: /%s: %w", a.app, a.nodes, route.Route, err)
				}
			}
		}
	}
	var results []record.Result
	for _, a := range all {
		for _, route := range ClusterRoutes {
			values := map[string]float64{}
			for unit := range a.samples[route.Route][0] {
				var list []float64
				for _, s := range a.samples[route.Route] {
					list = append(list, s[unit])
				}
				values[unit] = Median(list)
			}
			values[record.ServerNs], values[record.CommandNs] = math.Round(values[record.ServerNs]), math.Round(values[record.CommandNs])
			values[record.Busy] = significant(values[record.Busy])
			results = append(results, record.Result{Cell: c.cell(a.deployment, route.Route, keys, c.AtOnce), App: a.app, Requests: a.n[route.Route], Values: values})
		}
	}
	return results, nil
}

// sample makes requests for a while, and keeps what they cost, unless they were to warm up.
func (a *costed) sample(ctx context.Context, c *Cluster, route string, commands []string, keep bool) error {
	order := load.Order{Route: "/" + route, Callers: a.callers, For: c.Sample}
	var err error
	switch route {
	case "create":
		err = flush(ctx, a.servers...)
		a.cookies = nil // they have gone
	case "invalidate":
		order.Once = true
		order.Cookies, err = load.Visitors(a.callers, 2*c.Visitors)
	default:
		if a.cookies == nil {
			a.cookies, err = load.Visitors(a.callers, c.Visitors)
		}
		order.Cookies = a.cookies
	}
	if err != nil {
		return err
	}
	before, err := a.spend(ctx, commands)
	if err != nil {
		return err
	}
	sample, err := load.Run(order)
	if err != nil {
		return err
	}
	after, err := a.spend(ctx, commands)
	if err != nil || !keep {
		return err
	}
	a.samples[route] = append(a.samples[route], after.since(before, sample.Requests))
	a.n[route] += sample.Requests
	return nil
}
