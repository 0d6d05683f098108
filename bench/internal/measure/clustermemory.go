package measure

import (
	"context"
	"math"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// memory logs users in without the index and with it: what that costs the servers, what the
// records and the indexes take, and how the keys are spread.
func (c *Cluster) memory(ctx context.Context, d *deployment) ([]record.Result, error) {
	u := &Users{Users: c.Users, Each: c.Each, Keys: c.Keys[0], ValueBytes: c.ValueBytes}
	cell := c.cell(d, RouteMemory, c.Keys[0], 1)
	cell.Sessions, cell.Devices = u.Users*u.Each, u.Each
	memory := record.Result{Cell: cell, App: UserApp, Requests: 1, Values: map[string]float64{}}
	login := record.Result{Cell: cell, App: UserApp, Requests: u.Users * u.Each}
	login.Route, login.AtOnce = RouteLogin, fillers
	var took [2]int64
	for i, index := range []bool{false, true} {
		if err := flush(ctx, d.servers...); err != nil { // outside what is counted
			return nil, err
		}
		before, err := d.spend(ctx, nil)
		if err != nil {
			return nil, err
		}
		if took[i], err = u.fill(ctx, d.url, index, d.servers...); err != nil {
			return nil, err
		}
		after, err := d.spend(ctx, nil)
		if err != nil {
			return nil, err
		}
		login.Values = map[string]float64{record.ServerNs: math.Round(after.since(before, login.Requests)[record.ServerNs])}
	}
	memory.Values[record.SessionBytes] = math.Round(float64(took[0]) / float64(u.Users*u.Each))
	memory.Values[record.IndexBytes] = math.Round(float64(took[1]-took[0]) / float64(u.Users))
	var err error
	memory.Values[record.Least], memory.Values[record.Most], err = d.shares(ctx)
	return []record.Result{login, memory}, err
}
