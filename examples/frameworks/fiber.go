package main

import (
	"bufio"
	"context"
	"fmt"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/compress"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/timeout"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
	"github.com/valyala/fasthttp"
)

func withFiber(a *app) *fiber.App {
	f := fiber.New()
	f.Use(compress.New(), recover.New())
	f.Use(fibersession.Handler(a.sessions), fibersession.CSRF(nil))

	f.Get("/", func(c fiber.Ctx) error {
		s, err := fibersession.Get(c)
		if err != nil {
			return err // the session's error handler answers, and not fiber's
		}
		p, err := home(c.Context(), s)
		if err != nil {
			return err
		}
		return c.JSON(p)
	})
	f.Post("/sign", func(c fiber.Ctx) error {
		s, err := fibersession.Get(c)
		if err != nil {
			return err
		}
		sign(s, c.FormValue("name"))
		return c.Redirect().Status(fiber.StatusSeeOther).To("/")
	})
	f.Post("/login", func(c fiber.Ctx) error {
		s, err := fibersession.Get(c)
		if err != nil {
			return err
		}
		if err := s.Login(c.Context(), c.FormValue("name")); err != nil {
			return err
		}
		return c.Redirect().Status(fiber.StatusSeeOther).To("/")
	})
	f.Post("/logout", func(c fiber.Ctx) error {
		s, err := fibersession.Get(c)
		if err != nil {
			return err
		}
		if err := s.Invalidate(c.Context()); err != nil {
			return err
		}
		return c.Redirect().Status(fiber.StatusSeeOther).To("/")
	})
	f.Get("/panic", func(c fiber.Ctx) error {
		if s, err := fibersession.Get(c); err == nil {
			sign(s, "the one that panics")
		}
		panic("a mistake in the program")
	})
	f.Get("/slow", timeout.New(func(c fiber.Ctx) error {
		s, err := fibersession.Get(c)
		if err != nil {
			return err
		}
		sign(s, "the slow one")
		<-c.Context().Done()
		return c.Context().Err()
	}, timeout.Config{Timeout: a.limit}))
	f.Get("/events", a.fiberEvents)
	f.Get("/socket", a.fiberSocket)
	return f
}

func (a *app) fiberEvents(c fiber.Ctx) error {
	s, err := fibersession.Get(c)
	if err != nil {
		return err
	}
	s.Set("listening", true)
	c.Set("Content-Type", "text/event-stream")
	ctx := c.Context() // c itself serves another request when the stream begins
	return c.SendStreamWriter(func(w *bufio.Writer) {
		a.listen(ctx, s, func(line string) error {
			fmt.Fprintf(w, "data: %s\n\n", line)
			return w.Flush()
		})
	})
}

var upgrader = websocket.FastHTTPUpgrader{
	CheckOrigin: func(ctx *fasthttp.RequestCtx) bool {
		origin := string(ctx.Request.Header.Peek("Origin"))
		return origin == "" || origin == "http://"+string(ctx.Host())
	},
}

func (a *app) fiberSocket(c fiber.Ctx) error {
	s, err := fibersession.Get(c)
	if err != nil {
		return err
	}
	s.Set("listening", true)
	return upgrader.Upgrade(c.RequestCtx(), func(conn *websocket.Conn) {
		defer func() { _ = conn.Close() }()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() { // reads until the client leaves
			defer cancel()
			for {
				if _, _, err := conn.NextReader(); err != nil {
					return
				}
			}
		}()
		a.listen(ctx, s, func(line string) error {
			return conn.WriteMessage(websocket.TextMessage, []byte(line))
		})
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "the session has ended"))
	})
}
