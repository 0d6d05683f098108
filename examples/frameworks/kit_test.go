package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/pyramidgo/redissessions/session/handlertest"
)

// TestUnderTheKit tests that the kit for tests of one's own handlers takes the application of
// each framework. Fiber's adaptor drops the request's context, which interleaving needs.
func TestUnderTheKit(t *testing.T) {
	t.Parallel()
	apps := maps.Clone(frameworks)
	delete(apps, "connect-go") // its home page is a remote procedure
	apps["fiber"] = func(a *app) http.Handler { return adaptor.FiberApp(withFiber(a)) }
	for framework, newApp := range apps {
		t.Run(framework, func(t *testing.T) {
			t.Parallel()
			k := handlertest.New(t)
			site := newApp(&app{sessions: k.Factory(), limit: time.Minute})
			ada := k.Visitor()
			ada.Login("ada")

			resp := ada.Get(site, "/")
			var p page
			if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.User != "ada" {
				t.Errorf("the page is %+v: %v", p, err)
			}
			k.Down()
			if resp := ada.Get(site, "/"); resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("while Redis is down: status %d", resp.StatusCode)
			}
			k.Up()
			k.Advance(21 * time.Minute)
			if user := ada.User(); user != "" {
				t.Errorf("after 21 minutes %s is logged in", user)
			}
			if framework == "fiber" {
				return
			}
			home := handlertest.Get(site, "/")
			k.Interleave(10, home, home).Arrange(func(v *handlertest.Visitor) { v.Login("ada") }).Check(func(run *handlertest.Run) error {
				if n := strings.Count(run.Schedule(), "loads session"); n != 2 {
					return fmt.Errorf("%d of 2 loads are in the schedule", n)
				}
				return nil
			})
		})
	}
}
