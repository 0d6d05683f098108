package apps

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/session"
	fiberredis "github.com/gofiber/storage/redis/v3"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"
)

// fiberApp is the application on fiber with its session middleware.
//
// The middleware restarts the idle timeout at every visit by saving the whole
// session, and cannot be told not to: with and without Config.Sliding it is the
// same.
type fiberApp struct {
	*content
	app     *fiber.App
	handler fasthttp.RequestHandler
	storage *fiberredis.Storage
	// requests are used again, as fasthttp's server does.
	requests sync.Pool
}

func openFiber(cfg Config) (Site, error) {
	client := redis.NewClient(&redis.Options{Addr: cfg.Redis})
	f := &fiberApp{content: newContent(cfg), app: fiber.New(), storage: fiberredis.NewFromConnection(client)}
	f.requests.New = func() any {
		ctx := &fasthttp.RequestCtx{}
		ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000}, nil)
		return ctx
	}
	f.app.Use(session.New(session.Config{Storage: f.storage, IdleTimeout: lifetime}))
	f.app.Get("/unused", func(c fiber.Ctx) error { return c.SendString(done) })
	f.app.Get("/create", f.create)
	f.app.Get("/read", f.read)
	f.app.Get("/write", f.write)
	f.app.Get("/invalidate", f.invalidate)
	f.handler = f.app.Handler()
	return f, nil
}

func (f *fiberApp) create(c fiber.Ctx) error {
	s := session.FromContext(c)
	for i, name := range f.names {
		s.Set(name, f.values[i])
	}
	return c.SendString(done)
}

func (f *fiberApp) read(c fiber.Ctx) error {
	key := f.key(string(c.Request().URI().QueryString()))
	value, _ := session.FromContext(c).Get(key).(string)
	return c.SendString(value)
}

func (f *fiberApp) write(c fiber.Ctx) error {
	value := f.next()
	session.FromContext(c).Set(f.asked, value)
	return c.SendString(value)
}

func (f *fiberApp) invalidate(c fiber.Ctx) error {
	if err := session.FromContext(c).Destroy(); err != nil {
		return fmt.Errorf("apps: fiber: destroy: %w", err)
	}
	return c.SendString(done)
}

// Call implements Site.
func (f *fiberApp) Call(route, cookie string) (Answer, error) {
	ctx := f.requests.Get().(*fasthttp.RequestCtx)
	defer f.requests.Put(ctx)
	ctx.Request.Reset()
	ctx.Response.Reset()
	ctx.ResetUserValues()

	ctx.Request.Header.SetMethod(http.MethodGet)
	ctx.Request.Header.SetHost(arrived.Host)
	ctx.Request.SetRequestURI(route)
	if cookie != "" {
		ctx.Request.Header.Set("Cookie", cookie)
	}
	f.handler(ctx)

	a := Answer{Status: ctx.Response.StatusCode(), Body: string(ctx.Response.Body())}
	for _, line := range ctx.Response.Header.Cookies() {
		a.SetCookie = append(a.SetCookie, string(line))
	}
	return a, nil
}

// Serve implements Site.
func (f *fiberApp) Serve(l net.Listener) error {
	if err := f.app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}); err != nil {
		return fmt.Errorf("apps: serve: %w", err)
	}
	return nil
}

// Close implements Site. Connections on which no request has come yet keep
// fasthttp from ending, but not for longer than a second.
func (f *fiberApp) Close() error {
	return errors.Join(f.app.ShutdownWithTimeout(time.Second), f.storage.Close())
}
