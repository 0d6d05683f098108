package main

import (
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

func routes(sessions *session.Factory) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.Handle("GET /static/", http.FileServerFS(files))
	mux.HandleFunc("POST /add", add)
	mux.HandleFunc("POST /login", login(sessions))
	mux.HandleFunc("POST /logout", logout)
	mux.HandleFunc("POST /others", others)
	mux.Handle("/session", sessions.StatusHandler())
	mux.HandleFunc("GET /healthz", health(sessions))
	csrf := new(session.CSRFProtection)
	return sessions.Handler(http.MaxBytesHandler(csrf.Handler(mux), 16<<10))
}
