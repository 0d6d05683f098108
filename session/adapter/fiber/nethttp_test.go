package fibersession_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/session"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
	"github.com/valyala/fasthttp"
)

// A http.Request is made only where a hook gets it: without one, a request with many header
// lines costs as much as one with few.
func TestNoHTTPRequestWithoutAHook(t *testing.T) {
	allocations := func(lines int, edit ...func(*session.Options)) float64 {
		a := newApp(t, edit...)
		a.fiber.Use(fibersession.Handler(a.sessions), fibersession.CSRF(nil))
		a.fiber.Get("/", func(c fiber.Ctx) error {
			if _, err := fibersession.Get(c); err != nil {
				t.Error(err)
			}
			return c.SendStatus(http.StatusNoContent)
		})
		handler := a.fiber.Handler()
		request := new(fasthttp.RequestCtx)
		request.Request.SetRequestURI("/")
		for i := range lines {
			request.Request.Header.Set(fmt.Sprintf("X-%d", i), "value")
		}
		return testing.AllocsPerRun(100, func() {
			request.Response.Reset()
			handler(request)
		})
	}
	if few, many := allocations(2), allocations(100); many > few+10 {
		t.Errorf("2 lines: %v allocations; 100 lines: %v", few, many)
	}
	passive := func(o *session.Options) { o.Passive = func(r *http.Request) bool { return r.Header.Get("X-99") != "" } }
	if few, many := allocations(2, passive), allocations(100, passive); many < few+100 {
		t.Errorf("with a hook that reads the header: 2 lines: %v allocations; 100 lines: %v", few, many)
	}
}
