package main

import (
	"html/template"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// service is the Go half: the paths that were moved here first.
type service struct{ sessions *session.Factory }

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	return mux
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<title>Go</title>
<h1>This page is Go's</h1>
<p>user: <b>{{.User}}</b></p>
<p>messages: {{range .Messages}}{{.}} {{end}}</p>
<form method="post" action="/login"><input name="user" required> <button>Log in, in Go</button></form>
<form method="post" action="/logout"><button>Log out, in Go</button></form>
<p><a href="/py/">The page that is Python's</a></p>
`))

func (s *service) home(w http.ResponseWriter, r *http.Request) {
	visitor, err := s.sessions.Get(r)
	if err != nil {
		return // the Handler answers
	}
	user, ok := session.Value[string](visitor, "user")
	if !ok {
		user = "nobody"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]any{"User": user, "Messages": visitor.PopFlash("")})
}

func (s *service) login(w http.ResponseWriter, r *http.Request) {
	visitor, err := s.sessions.Get(r)
	if err != nil {
		return
	}
	visitor.Set("user", r.FormValue("user"))
	visitor.Flash("", "Go has logged you in.")
	// Another ID at login: one that somebody planted is worth nothing.
	if err := visitor.Renew(r.Context()); err != nil {
		http.Error(w, "please try again", http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *service) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.Invalidate(r); err != nil {
		http.Error(w, "please try again", http.StatusServiceUnavailable)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
