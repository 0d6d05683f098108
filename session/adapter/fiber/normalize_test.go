package fibersession_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
	"github.com/valyala/fasthttp"
)

// In an application that keeps header names as they are written, the session reads and
// replaces header lines whatever their case.
func TestHeaderNamesOfAnyCase(t *testing.T) {
	a := newApp(t)
	a.fiber = fiber.New(fiber.Config{DisableHeaderNormalizing: true})
	a.fiber.Use(fibersession.Handler(a.sessions))
	fails := false
	a.fiber.Get("/", func(c fiber.Ctx) error {
		a.get(c).Set("k", 1)
		c.Set("cache-control", "public, max-age=60")
		c.Set("vary", "Accept")
		c.Set("etag", `"page"`)
		c.Response().Header.Set("set-cookie", "own=1")
		if fails {
			a.redis.SetError("LOADING the server is starting")
		}
		return c.SendString("page")
	})
	handler := a.fiber.Handler()
	lines := func(cookie string) map[string][]string {
		request := new(fasthttp.RequestCtx)
		request.Request.Header.DisableNormalizing()
		request.Response.Header.DisableNormalizing()
		request.Request.SetRequestURI("/")
		if cookie != "" {
			request.Request.Header.Set("cookie", cookie)
		}
		handler(request)
		all := map[string][]string{}
		for name, line := range request.Response.Header.All() {
			key := http.CanonicalHeaderKey(string(name))
			all[key] = append(all[key], string(line))
		}
		return all
	}
	got := lines("")
	if !slices.Equal(got["Vary"], []string{"Accept", "Cookie"}) || len(got["Set-Cookie"]) != 2 {
		t.Fatalf("Vary %q, cookies %q", got["Vary"], got["Set-Cookie"])
	}
	cookie, _, _ := strings.Cut(got["Set-Cookie"][1], ";")
	if got := lines(cookie); !slices.Equal(got["Set-Cookie"], []string{"own=1"}) {
		t.Errorf("the next request did not find the session: cookies %q", got["Set-Cookie"])
	}
	fails = true
	if got := lines(""); got["Etag"] != nil || !slices.Equal(got["Cache-Control"], []string{"no-store"}) {
		t.Errorf("the error handler's answer: %v", got)
	}
}
