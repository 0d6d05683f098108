package measure

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// fake is an application that answers at once and fails when it is told to.
type fake struct {
	calls  []string
	failed int // fails from this call on, if not 0
}

func (f *fake) Call(route, cookie string) (apps.Answer, error) {
	f.calls = append(f.calls, route+" "+cookie)
	if f.failed > 0 && len(f.calls) >= f.failed {
		return apps.Answer{}, errors.New("down")
	}
	return apps.Answer{Status: 200, SetCookie: []string{"id=1"}}, nil
}

func take(t *testing.T, route string, rounds int, fakes map[string]*fake) ([]record.Result, int, error) {
	t.Helper()
	resets := 0
	turns := &Turns{
		Cell: record.Cell{Route: route}, Rounds: rounds, Fewest: 1, Limit: time.Hour, Sample: time.Microsecond, Results: 1,
		Random: rand.New(rand.NewPCG(1, 2)),
		Reset:  func() error { resets++; return nil },
	}
	var sites []Site
	for _, name := range []string{Bare, "a", "b"} {
		if f := fakes[name]; f != nil {
			sites = append(sites, Site{App: name, Callers: []apps.Caller{f}, Aside: []apps.Caller{f}})
		}
	}
	results, err := turns.Take(sites)
	return results, resets, err
}

func names(results []record.Result) (list []string) {
	for _, r := range results {
		list = append(list, r.App)
	}
	return list
}

func TestTake(t *testing.T) {
	for route, wantResets := range map[string]int{
		"read":       1,
		"create":     1 + 2 + 2*3, // and before each sample, the one to warm up too
		"invalidate": 1 + 4 + 2*3,
	} {
		fakes := map[string]*fake{Bare: {}, "a": {}}
		results, resets, err := take(t, route, 3, fakes)
		if err != nil || !slices.Equal(names(results), []string{Bare, "a"}) {
			t.Errorf("%s: results of %v, %v", route, names(results), err)
		}
		if resets != wantResets {
			t.Errorf("%s: Redis was emptied %d times, want %d", route, resets, wantResets)
		}
		wantCookie := "id=1"
		if route == "create" {
			wantCookie = ""
		}
		if !slices.Contains(fakes["a"].calls, "/"+route+" "+wantCookie) {
			t.Errorf("%s: no visitor with the cookie %q came", route, wantCookie)
		}
	}
}

func TestTakeLeavesOutWhoFails(t *testing.T) {
	results, _, err := take(t, "read", 5, map[string]*fake{Bare: {}, "a": {failed: 1}, "b": {failed: 4}})
	if !slices.Equal(names(results), []string{Bare}) {
		t.Errorf("results of %v, want those of the bare handler only", names(results))
	}
	if err == nil || strings.Count(err.Error(), "down") != 2 {
		t.Errorf("error %v, want one for each that failed", err)
	}
	if results, _, err := take(t, "read", 5, map[string]*fake{Bare: {failed: 4}, "a": {}}); err == nil || results != nil {
		t.Errorf("results %v without a bare handler", names(results))
	}
}

// TestVisitorsComeInTurn: with many sessions, a sample goes on where the one before has
// ended, so that it does not read only what was just read.
func TestVisitorsComeInTurn(t *testing.T) {
	f := &fake{}
	turns := &Turns{Cell: record.Cell{Route: "read"}, Sample: time.Nanosecond, Visitors: 5}
	e := &entrant{Site: Site{App: "a", Callers: []apps.Caller{f}}, turns: turns, cookies: []string{"1", "2", "3", "4", "5"}}
	for range 7 {
		if _, err := e.sample(turns.Sample); err != nil {
			t.Fatal(err)
		}
	}
	for i, call := range f.calls {
		if want := "/read " + string(rune('1'+i%5)); call != want {
			t.Fatalf("call %d is of %q, want %q; all: %q", i, call, want, f.calls)
		}
	}
	if len(f.calls) < 7 {
		t.Errorf("%d calls in 7 samples", len(f.calls))
	}
}
