package main

import (
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
	"github.com/pyramidgo/redissessions/session"
)

func withEcho(a *app) http.Handler {
	e := echo.New()
	e.Use(middleware.GzipWithConfig(middleware.GzipConfig{
		// Echo's gzip keeps the 101 back that a websocket's handler writes.
		Skipper: func(c *echo.Context) bool { return c.Path() == "/socket" },
	}), middleware.Recover())
	e.Use(echo.WrapMiddleware(a.sessions.Handler))
	e.Use(echo.WrapMiddleware(new(session.CSRFProtection).Handler))

	e.GET("/", func(c *echo.Context) error {
		s, err := session.FromRequest(c.Request())
		if err != nil {
			return err // the session's error handler answers, and not echo's
		}
		p, err := home(c.Request().Context(), s)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, p)
	})
	e.POST("/sign", func(c *echo.Context) error {
		s, err := session.FromRequest(c.Request())
		if err != nil {
			return err
		}
		sign(s, c.FormValue("name"))
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.POST("/login", func(c *echo.Context) error {
		s, err := session.FromRequest(c.Request())
		if err != nil {
			return err
		}
		if err := s.Login(c.Request().Context(), c.FormValue("name")); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.POST("/logout", func(c *echo.Context) error {
		if err := a.sessions.Invalidate(c.Request()); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.GET("/panic", func(c *echo.Context) error {
		failing(c.Response(), c.Request())
		return nil
	})
	e.GET("/events", echo.WrapHandler(http.HandlerFunc(a.events)))
	e.GET("/socket", echo.WrapHandler(http.HandlerFunc(a.socket)))
	e.GET("/slow", echo.WrapHandler(a.slow()))
	return e
}
