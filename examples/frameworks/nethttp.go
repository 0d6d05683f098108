package main

import (
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

func netHTTP(a *app) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("POST /sign", a.sign)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /logout", a.logout)
	mux.HandleFunc("GET /events", a.events)
	mux.HandleFunc("GET /socket", a.socket)
	mux.HandleFunc("GET /panic", failing)
	mux.Handle("GET /slow", a.slow())

	csrf := new(session.CSRFProtection)
	return compressed(recovered(a.sessions.Handler(csrf.Handler(mux))))
}

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // the session's error handler answers: 503 when Redis is down
	}
	p, err := home(r.Context(), s)
	if err != nil {
		return
	}
	writeJSON(w, p)
}

func (a *app) sign(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	sign(s, r.FormValue("name"))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	if s.Login(r.Context(), r.FormValue("name")) != nil {
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	if a.sessions.Invalidate(r) != nil {
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
