package apps

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// each runs a test for every application, kind of timeout and size of session.
func each(t *testing.T, f func(t *testing.T, app App, cfg Config)) {
	server := connecttest.RedisServer(t)
	for _, app := range All() {
		for _, sliding := range []bool{false, true} {
			if sliding && !app.CanSlide {
				continue
			}
			for _, keys := range []int{10, 100} {
				t.Run(fmt.Sprintf("%s/sliding=%t/keys=%d", app.Name, sliding, keys), func(t *testing.T) {
					f(t, app, Config{Redis: server.Addr(), Keys: keys, ValueBytes: 90, Sliding: sliding})
				})
			}
		}
	}
}

// open opens a site for the time of a test.
func open(t *testing.T, app App, cfg Config) Site {
	t.Helper()
	site, err := app.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return site
}

// Several checks at once show the race detector how an application is timed.
func TestInProcess(t *testing.T) {
	each(t, func(t *testing.T, app App, cfg Config) {
		site := open(t, app, cfg)
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				if err := Check(site, cfg); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	})
}

func TestOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, app App, cfg Config) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		site, err := app.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- site.Serve(l) }()
		if err := Check(Remote(l.Addr()), cfg); err != nil {
			t.Error(err)
		}
		if err := site.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}
