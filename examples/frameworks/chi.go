package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/pyramidgo/redissessions/session"
)

func withChi(a *app) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.Compress(5), middleware.Recoverer)
	r.Use(a.sessions.Handler, new(session.CSRFProtection).Handler)

	r.Get("/", a.home)
	r.Post("/sign", a.sign)
	r.Post("/login", a.login)
	r.Post("/logout", a.logout)
	r.Get("/events", a.events)
	r.Get("/socket", a.socket)
	r.Get("/panic", failing)
	r.Method(http.MethodGet, "/slow", a.slow())
	return r
}
