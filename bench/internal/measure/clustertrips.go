package measure

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
	"github.com/pyramidgo/redissessions/bench/internal/wire"
)

// TripRoutes are the operations whose round trips are counted.
var TripRoutes = []string{"read", "write", "create", "invalidate", RouteLogin, RouteTicket, RouteSessions, RouteEndAll}

// connections is how many operations are made before any is counted, so that there is a
// connection to every server, which has the scripts.
const connections = 40

// proxied is a deployment with a proxy in front of each server.
type proxied struct {
	proxies []*wire.Proxy
	url     string
}

func (c *Cluster) proxied(ctx context.Context, d *deployment) (*proxied, error) {
	p := &proxied{}
	addrs := []string{c.One}
	if d.nodes > 1 {
		addrs = c.Nodes
	}
	var at []string
	for _, addr := range addrs {
		proxy, err := wire.NewProxy(addr)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.proxies, at = append(p.proxies, proxy), append(at, proxy.Addr())
	}
	if p.url = oneURL(at[0]); d.nodes > 1 {
		p.url = clusterURL(at[0])
		if err := redisserver.Announce(ctx, c.Nodes, at); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

func (p *proxied) close() error {
	var errs []error
	for _, proxy := range p.proxies {
		errs = append(errs, proxy.Close())
	}
	return errors.Join(errs...)
}

func (p *proxied) roundTrips() float64 {
	sum := int64(0)
	for _, proxy := range p.proxies {
		sum += proxy.Traffic().RoundTrips
	}
	return float64(sum)
}

// trips counts the round trips of each operation: the median of some, since one may open a
// further connection.
func (c *Cluster) trips(ctx context.Context, d *deployment) ([]record.Result, error) {
	if err := flush(ctx, d.servers...); err != nil {
		return nil, err
	}
	p, err := c.proxied(ctx, d)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }()
	site, err := c.open(p.url, c.Keys[0], nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = site.Close() }()
	u := &Users{Users: c.Users, Each: c.Each, Keys: c.Keys[0], ValueBytes: c.ValueBytes}
	users, err := u.open(p.url, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = users.sessions.Close() }()

	counts := map[string][]float64{}
	for i := range connections + countedForTraffic {
		cookie, user := "", fmt.Sprint("user-", i)
		if err := users.loginTimes(ctx, user, c.Each-1); err != nil {
			return nil, err
		}
		for _, route := range []string{"create", "read", "write", "invalidate"} {
			before := p.roundTrips()
			answer, err := site.Call("/"+route, cookie)
			if err == nil && answer.Status != http.StatusOK {
				err = fmt.Errorf("measure: /%s: status %d", route, answer.Status)
			}
			if err != nil {
				return nil, err
			}
			counts[route] = append(counts[route], p.roundTrips()-before)
			if route == "create" {
				cookie = cookieOf(answer)
			}
		}
		for _, route := range TripRoutes[4:] {
			before := p.roundTrips()
			if _, err := users.do(ctx, route, user, c.Each); err != nil {
				return nil, err
			}
			counts[route] = append(counts[route], p.roundTrips()-before)
		}
	}
	var results []record.Result
	for _, route := range TripRoutes {
		cell := c.cell(d, route, c.Keys[0], 1)
		if route == RouteLogin || route == RouteTicket || route == RouteSessions || route == RouteEndAll {
			cell.Devices = c.Each
		}
		results = append(results, record.Result{Cell: cell, App: UserApp, Requests: countedForTraffic, Values: map[string]float64{
			record.Trips: Median(counts[route][connections:]),
		}})
	}
	return results, nil
}

// cookieOf returns the Cookie header after an answer.
func cookieOf(a apps.Answer) string {
	for _, c := range a.Cookies() {
		return c.Name + "=" + c.Value
	}
	return ""
}
