package measure

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

func contended(route string, atOnce int, names ...string) WriterCell {
	return WriterCell{Cell: record.Cell{Route: route, Keys: 3, ValueBytes: 20, AtOnce: atOnce}, Apps: names, Bursts: 3}
}

// TestWriters: of requests that have all loaded the session, this library loses no update,
// and the others all but one. The first save is tried once and all others meet it.
func TestWriters(t *testing.T) {
	var names []string
	for _, app := range apps.AllContended() {
		names = append(names, app.Name)
	}
	const n = 24
	w := &Writers{Redis: connecttest.RedisServer(t).Addr(), Cells: []WriterCell{
		contended(RouteOwn, n, names...), contended(RouteCount, n, names...), contended(RouteCount, 1, names...),
	}}
	cell := 0
	err := w.Take(t.Context(), func(results []record.Result) error {
		want := w.Cells[cell]
		cell++
		if len(results) != len(names) {
			t.Errorf("%d results of %d applications", len(results), len(names))
		}
		for _, r := range results {
			name := r.Name(r.App)
			lost, tries := float64(want.AtOnce-1), 0.0
			if strings.HasPrefix(r.App, UserApp) {
				lost, tries = 0, float64(2*want.AtOnce-1)/float64(want.AtOnce)
			}
			if r.Values[record.Lost] != lost {
				t.Errorf("%s: %v updates are lost, want %v", name, r.Values[record.Lost], lost)
			}
			if got := r.Values[record.Tries]; got < tries-0.01 || got > 20 || want.AtOnce == 1 && got > 1 {
				t.Errorf("%s: %v tries, want %v at least", name, got, tries)
			}
			if r.Requests != want.AtOnce*want.Bursts || r.Values[record.NsPerOp] <= 0 || r.Values[record.P99] < r.Values[record.P50] {
				t.Errorf("%s: %d requests, %v", name, r.Requests, r.Values)
			}
		}
		return nil
	})
	if err != nil || cell != len(w.Cells) {
		t.Errorf("%d of %d cells, %v", cell, len(w.Cells), err)
	}
}

// forgetful is an application that answers as if it had saved.
type forgetful struct{ apps.Site }

func (f forgetful) Call(route, cookie string) (apps.Answer, error) {
	if strings.HasPrefix(route, "/own") {
		route = "/unused"
	}
	return f.Site.Call(route, cookie)
}

// failing is an application of which one request fails before it has loaded the session.
type failing struct{ apps.Site }

var errFailing = errors.New("this one fails")

func (f failing) Call(route, cookie string) (apps.Answer, error) {
	if route == "/own?n=1" {
		return apps.Answer{}, errFailing
	}
	return f.Site.Call(route, cookie)
}

// TestWritersFind: an update that this library loses is an error, and so is a request that
// fails, for which the others do not wait.
func TestWritersFind(t *testing.T) {
	cfg := apps.Config{Redis: connecttest.RedisServer(t).Addr(), Keys: 3, ValueBytes: 20}
	for want, spoil := range map[string]func(apps.Site) apps.Site{
		"of 4 updates 4 were lost": func(s apps.Site) apps.Site { return forgetful{s} },
		errFailing.Error():         func(s apps.Site) apps.Site { return failing{s} },
	} {
		app := apps.AllContended()[0]
		spoiled := apps.Contended{Name: app.Name, Open: func(cfg apps.Config, meet func(), observe session.Observer) (apps.Site, error) {
			site, err := app.Open(cfg, meet, observe)
			return spoil(site), err
		}}
		site, err := openWriters(spoiled, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := site.burst(RouteOwn, 4); err == nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
		_ = site.Close()
	}
}
