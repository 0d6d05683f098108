package main

import (
	"fmt"
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
	mux.HandleFunc("POST /everywhere", s.everywhere)
	return mux
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<title>Go</title>
<h1>This page is Go's</h1>
<p>user: <b>{{.User}}</b>, logged in {{.Devices}} times</p>
<p>messages: {{range .Messages}}{{.}} {{end}}</p>
<form method="post" action="/login"><input name="user" required> <button>Log in, in Go</button></form>
<form method="post" action="/logout"><button>Log out, in Go</button></form>
<form method="post" action="/everywhere"><button>Log out everywhere, in Go</button></form>
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
	devices, err := s.devices(r, visitor.User())
	if err != nil {
		http.Error(w, "please try again", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]any{"User": user, "Devices": devices, "Messages": visitor.PopFlash("")})
}

// devices returns how many sessions a user has, those that Python logged in too.
func (s *service) devices(r *http.Request, user string) (int, error) {
	if user == "" {
		return 0, nil
	}
	infos, err := s.sessions.Sessions(r.Context(), user)
	return len(infos), err
}

func (s *service) login(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	visitor, err := s.sessions.Get(r)
	if err != nil {
		return
	}
	ticket, err := s.sessions.Ticket(r.Context(), user)
	if err != nil {
		http.Error(w, "please try again", http.StatusServiceUnavailable)
		return
	}
	// Here the password would be checked.
	visitor.Set("user", user)
	visitor.Flash("", "Go has logged you in.")
	if err := visitor.Login(r.Context(), user, session.WithTicket(ticket)); err != nil {
		return // the Handler answers
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// everywhere ends all sessions of the user, those that Python logged in too.
func (s *service) everywhere(w http.ResponseWriter, r *http.Request) {
	visitor, err := s.sessions.Get(r)
	if err != nil {
		return
	}
	ended, err := s.sessions.EndAll(r.Context(), visitor.User())
	if err != nil {
		http.Error(w, "please try again", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "Go has ended %d sessions.", ended)
}

func (s *service) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.Invalidate(r); err != nil {
		http.Error(w, "please try again", http.StatusServiceUnavailable)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
