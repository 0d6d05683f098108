package fibersession_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/internal/boundtest"
	"github.com/pyramidgo/redissessions/session"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// TestDeviceBound: a login offers to bind the session, and what the browser then sends
// reaches the session's Handler, although no route has that path.
func TestDeviceBound(t *testing.T) {
	a := newApp(t, func(o *session.Options) { o.DeviceBound = dbsc.Options{} })
	a.fiber.Use(fibersession.Handler(a.sessions))
	a.fiber.Get("/login", func(c fiber.Ctx) error {
		s, err := fibersession.Get(c)
		if err != nil {
			return err
		}
		return s.Login(c.Context(), "ann")
	})
	a.start()
	resp, _ := a.do(http.MethodGet, "/login", "")
	if offer := resp.Header.Get("Secure-Session-Registration"); !strings.Contains(offer, `path="/.session/register"`) {
		t.Errorf("the login offers %q", offer)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/.session/refresh", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Secure-Session-Id", "unknown")
	resp, text := a.send(r)
	if resp.StatusCode != http.StatusOK || !strings.Contains(text, `"continue":false`) {
		t.Errorf("a refresh: status %d, %s", resp.StatusCode, text)
	}
	if resp, _ := a.do(http.MethodPost, "/.session/register", ""); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a registration without a proof: status %d", resp.StatusCode)
	}
}

// TestBoundSession: fiber serves the whole life of a bound session.
func TestBoundSession(t *testing.T) {
	kit := boundtest.NewKit(t)
	a := newApp(t)
	a.fiber.Use(fibersession.Handler(kit.Factory()))
	a.fiber.Get("/login", func(c fiber.Ctx) error { return a.get(c).Login(c.Context(), boundtest.User) })
	a.fiber.Get("/logout", func(c fiber.Ctx) error { return a.get(c).Invalidate(c.Context()) })
	a.fiber.Get("/write", func(c fiber.Ctx) error {
		a.get(c).Set("k", 1)
		return nil
	})
	a.fiber.Get("/", func(c fiber.Ctx) error { return c.SendString(a.get(c).User()) })
	boundtest.Run(t, kit, a.start().url)
}
