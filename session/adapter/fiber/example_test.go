package fibersession_test

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"

	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
	"github.com/pyramidgo/redissessions/settings"
)

func Example() {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret": "change-me-this-is-the-documented-example",
		"redis.sessions.debug":  "true",
		"redis.sessions.url":    "embedded://",
	}, factory.WithConnector("embedded", embedded.Connect))
	if err != nil {
		log.Fatal(err)
	}
	defer sessions.Close()

	app := fiber.New()
	app.Use(fibersession.Handler(sessions))
	app.Get("/", func(c fiber.Ctx) error {
		s, err := fibersession.Get(c)
		if err != nil {
			return err // the session's error handler answers
		}
		session.Modify(s, "visits", func(n int) int { return n + 1 })
		n, _ := session.Value[int](s, "visits")
		return c.SendString(fmt.Sprintf("visit %d", n))
	})

	request := httptest.NewRequest("GET", "/", nil)
	for range 2 {
		resp, err := app.Test(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(string(text))
		for _, cookie := range resp.Cookies() {
			request.AddCookie(cookie)
		}
	}
	// Output:
	// visit 1
	// visit 2
}
