package linearizable_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// The longer mode:
//
//	go test ./linearizable -run TestLinearizable -interleavings 100000
var (
	interleavings = flag.Int("interleavings", 0, "how many interleavings TestLinearizable tries on each server (default 500, 100 with -short or -race)")
	seedFlag      = flag.Uint64("seed", 0, "the seed of the first interleaving, as a failure prints it (default random)")
)

// processes is how many factories, each with connections of its own, stand for
// the processes of one application.
const processes = 3

// world is one application on one server.
type world struct {
	stores []session.Store
	format session.Format
}

var formats = []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis}

// connectors are the ways to reach a server.
var connectors = map[string]connect.Func{"goredis": goredis.Connect, "redigo": redigo.Connect}

// worlds are the kinds of server: with scripts only, and with a comparison of
// whole records beside scripts or without any.
var worlds = map[string]func(t *testing.T) (url string){
	"redis":              func(t *testing.T) string { return connecttest.RedisServer(t).URL() },
	"miniredis":          func(t *testing.T) string { return "redis://" + connecttest.Miniredis(t).Addr() },
	"valkey":             func(t *testing.T) string { return connecttest.ValkeyServer(t).URL() },
	"valkey-without-lua": func(t *testing.T) string { return connecttest.ValkeyServerWithoutLua(t).URL() },
}

// eachWorld runs a subtest for every connector on every kind of server, and in
// every format.
func eachWorld(t *testing.T, test func(t *testing.T, w world)) {
	for server, start := range worlds {
		t.Run(server, func(t *testing.T) {
			url := start(t)
			for name, open := range connectors {
				t.Run(name, func(t *testing.T) {
					var w world
					for range processes {
						w.stores = append(w.stores, openStore(t, open, url))
					}
					for _, w.format = range formats {
						t.Run(w.format.String(), func(t *testing.T) { test(t, w) })
					}
				})
			}
		})
	}
}

func openStore(t *testing.T, open connect.Func, url string) session.Store {
	t.Helper()
	store, err := open(t.Context(), connect.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// TestLinearizable runs random programs of concurrent requests, interleaved by
// a seed, and checks what they saw.
func TestLinearizable(t *testing.T) {
	n := *interleavings
	if n == 0 {
		if n = 500; testing.Short() || raceEnabled {
			n = 100
		}
	}
	first := *seedFlag
	if first == 0 {
		first = rand.Uint64() >> 1
	}
	eachWorld(t, func(t *testing.T, w world) {
		for seed := first; seed < first+uint64(n); seed++ {
			a := newApplication(t, w, seed)
			sched := newScheduler(a.rng)
			sched.run(a.tabs, a.browse)
			if problems := a.check(); len(problems) > 0 {
				t.Fatalf("-interleavings 1 -seed %d:\n%s\nthe store operations in order:\n\t%s",
					seed, strings.Join(problems, "\n"), strings.Join(sched.trace, "\n\t"))
			}
		}
	})
}

// TestLinearizableFreeRunning lets the goroutines run as they will: it is for
// the race detector, and for interleavings inside of store operations.
func TestLinearizableFreeRunning(t *testing.T) {
	n := 150
	if testing.Short() || raceEnabled {
		n = 40
	}
	seed := rand.Uint64() >> 1
	eachWorld(t, func(t *testing.T, w world) {
		for range n {
			a := newApplication(t, w, seed)
			var wg sync.WaitGroup
			for i := range a.tabs {
				wg.Go(func() { a.browse(context.Background(), i) })
			}
			wg.Wait()
			if problems := a.check(); len(problems) > 0 {
				t.Fatalf("programs of seed %d, running freely:\n%s", seed, strings.Join(problems, "\n"))
			}
			seed++
		}
	})
}

// TestInterleavingIsTheSeeds shows that a printed seed is worth something.
func TestInterleavingIsTheSeeds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		trace := func(seed uint64) []string {
			a := newApplication(t, w, seed)
			sched := newScheduler(a.rng)
			sched.run(a.tabs, a.browse)
			return sched.trace
		}
		for seed := range uint64(20) {
			if one, two := trace(seed), trace(seed); !slices.Equal(one, two) {
				t.Fatalf("seed %d was interleaved in two ways:\n%s\n\n%s", seed, strings.Join(one, "\n"), strings.Join(two, "\n"))
			}
		}
	})
}

// application is a few visitors whose tabs send requests to several processes.
type application struct {
	rng       *rand.Rand
	history   *history
	factories []*session.Factory
	browsers  []*browser
	tabs      []string
	programs  [][]program
}

// runs keeps the keys of one run apart from those of another.
var runs atomic.Int64

func newApplication(t *testing.T, w world, seed uint64) *application {
	t.Helper()
	a := &application{rng: rand.New(rand.NewPCG(seed, 0)), history: newHistory()}
	a.history.traceless = w.format != session.FormatNative
	prefix := fmt.Sprintf("run%d:", runs.Add(1))
	var ids atomic.Int64
	for _, store := range w.stores {
		opts := &session.Options{
			Format:       w.format,
			ErrorHandler: noteFailure,
			Logger:       slog.New(slog.NewTextHandler(io.Discard, nil)),
		}
		if w.format == session.FormatNative {
			opts.Secret, opts.Prefix = "a secret for tests, of more than 32 bytes", prefix
			opts.NewID = func() (string, error) { return fmt.Sprintf("ID%d", ids.Add(1)), nil }
		} else { // where the ID is the key
			opts.Signer = openSigner{}
			opts.NewID = func() (string, error) { return fmt.Sprintf("%sID%d", prefix, ids.Add(1)), nil }
		}
		f, err := session.NewFactory(scheduledStore{store}, opts)
		if err != nil {
			t.Fatal(err)
		}
		a.factories = append(a.factories, f)
	}
	for b := range 1 + a.rng.IntN(2) {
		a.browsers = append(a.browsers, &browser{})
		begin := program{{"set", "a", "common"}, {"flash", "", "hello"}, {"modify", modifyKey, "one"}, {"grow", "", "two"}}
		a.send(context.Background(), b, "before", begin)
	}
	chances := working
	if a.rng.IntN(3) == 0 {
		chances = leaving
	}
	for i := range 2 + a.rng.IntN(4) {
		name := fmt.Sprintf("tab%d", i)
		a.tabs = append(a.tabs, name)
		var programs []program
		for j := range 1 + a.rng.IntN(3) {
			programs = append(programs, drawProgram(a.rng, chances, fmt.Sprintf("%s_%d", name, j)))
		}
		a.programs = append(a.programs, programs)
	}
	return a
}

// browse sends the requests of one tab, one after the other.
func (a *application) browse(ctx context.Context, tab int) {
	for _, p := range a.programs[tab] {
		awaitTurn(ctx, "send")
		a.send(ctx, tab, a.tabs[tab], p)
	}
}

// send sends one request of a tab, to the process that is the tab's.
func (a *application) send(ctx context.Context, tab int, who string, p program) {
	b := a.browsers[tab%len(a.browsers)]
	v := &visit{h: a.history, f: a.factories[tab%len(a.factories)], who: who, program: p}
	resp := v.send(ctx, b.current())
	awaitTurn(ctx, "receive")
	b.take(resp)
}

// check looks at every session once more, with every cookie it ever had, and
// then at the whole history.
func (a *application) check() []string {
	var look program
	for _, key := range allKeys {
		look = append(look, command{name: "get", key: key})
	}
	for _, cookie := range a.history.cookie {
		v := &visit{h: a.history, f: a.factories[0], who: lastReader, program: look}
		v.send(context.Background(), cookie)
	}
	if !a.history.traceless { // else a slow request deletes the cookie of a renewed session
		a.checkCookies()
	}
	return a.history.check()
}

// checkCookies: where nobody logged out, no browser has lost its session.
func (a *application) checkCookies() {
	for _, e := range a.history.events {
		if e.verdict == wasEnded {
			return
		}
	}
	for i, b := range a.browsers {
		v := &visit{h: a.history, f: a.factories[0], who: lastReader}
		v.send(context.Background(), b.current())
		if v.id == "" {
			a.history.problem("browser %d has lost its session: its cookie is for %q", i, idOf(b.current()))
		}
	}
}
