package main

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

//go:embed templates
var templateFiles embed.FS

var (
	homePage    = parsePage("home.html")
	problemPage = parsePage("problem.html")
)

func parsePage(name string) *template.Template {
	functions := template.FuncMap{
		"date":    func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"moment":  func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") },
		"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
	return template.Must(template.New("layout.html").Funcs(functions).
		ParseFS(templateFiles, "templates/layout.html", "templates/"+name))
}

// home is what templates/home.html shows.
type home struct {
	CSRF    template.HTML // a hidden field, for every form
	Flashes []any
	Name    string // "" when nobody is logged in
	Draft   draft
	Entries []entry
	Panel   panel

	MaxName, MaxMessage int
}

func (a *app) showHome(w http.ResponseWriter, r *http.Request, s *session.Session, status int, d draft) {
	field, err := s.CSRFField(r.Context())
	if err != nil {
		sessionFailed(w, r, err)
		return
	}
	name, _ := session.Value[string](s, "name")
	render(w, status, homePage, home{
		CSRF: field, Name: name, Draft: d,
		Flashes: s.PopFlash(""), // read once, then gone
		Entries: a.book.newestFirst(),
		Panel:   panelOf(s),
		MaxName: maxName, MaxMessage: maxMessage,
	})
}

// problem is what templates/problem.html shows.
type problem struct{ Title, Advice string }

func showProblem(w http.ResponseWriter, status int, title, advice string) {
	render(w, status, problemPage, problem{title, advice})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	showProblem(w, http.StatusNotFound, "No such page", "There is only the guestbook here.")
}

// refuse answers a request that another site made.
func refuse(w http.ResponseWriter, _ *http.Request) {
	showProblem(w, http.StatusForbidden, "That came from another site", "Forms are taken from the guestbook's own page only.")
}

// fail logs what went wrong with a session and answers. The session handler
// logs for itself before it calls sessionFailed.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	slog.Error("guestbook: " + err.Error())
	sessionFailed(w, r, err)
}

// sessionFailed answers in place of a page whose session could not be loaded
// or saved. A visitor is told what to do, never the error: it may say where
// Redis is.
func sessionFailed(w http.ResponseWriter, _ *http.Request, err error) {
	switch {
	case errors.Is(err, session.ErrGone):
		showProblem(w, http.StatusConflict, "Your session has ended",
			"You may have logged in or out in another tab, or been away for too long. Nothing was changed.")
	case errors.Is(err, session.ErrUnavailable):
		w.Header().Set("Retry-After", "5")
		showProblem(w, http.StatusServiceUnavailable, "Please come back in a moment",
			"The guestbook cannot reach its sessions just now.")
	default:
		showProblem(w, http.StatusInternalServerError, "Something went wrong", "It is not your fault, and it has been noted.")
	}
}

// render answers with a page. It is made in memory first: half a page would be
// worse than an error.
func render(w http.ResponseWriter, status int, page *template.Template, data any) {
	var html bytes.Buffer
	if err := page.Execute(&html, data); err != nil {
		slog.Error("guestbook: render: " + err.Error())
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = html.WriteTo(w) // the visitor may have left
}
