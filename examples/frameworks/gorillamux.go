package main

import (
	"net/http"

	"github.com/gorilla/mux"
	"github.com/pyramidgo/redissessions/session"
)

func withGorillaMux(a *app) http.Handler {
	r := mux.NewRouter()
	r.Use(compressed, recovered)
	r.Use(a.sessions.Handler, new(session.CSRFProtection).Handler)

	r.HandleFunc("/", a.home).Methods(http.MethodGet)
	r.HandleFunc("/sign", a.sign).Methods(http.MethodPost)
	r.HandleFunc("/login", a.login).Methods(http.MethodPost)
	r.HandleFunc("/logout", a.logout).Methods(http.MethodPost)
	r.HandleFunc("/events", a.events).Methods(http.MethodGet)
	r.HandleFunc("/socket", a.socket).Methods(http.MethodGet)
	r.HandleFunc("/panic", failing).Methods(http.MethodGet)
	r.Handle("/slow", a.slow()).Methods(http.MethodGet)
	return r
}
