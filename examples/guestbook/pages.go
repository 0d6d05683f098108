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
	devicesPage = parsePage("devices.html")
	problemPage = parsePage("problem.html")
)

func parsePage(name string) *template.Template {
	functions := template.FuncMap{
		"date":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") },
		"moment":  func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") },
		"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ago":     func(t time.Time) string { return ago(time.Since(t)) },
	}
	return template.Must(template.New("layout.html").Funcs(functions).
		ParseFS(templateFiles, "templates/layout.html", "templates/"+name))
}

// common is what every page of a visitor shows.
type common struct {
	CSRF    template.HTML // a hidden field, for every form
	Name    string        // "" when the visitor is not logged in
	Warning string
	Flashes []any
}

func (a *app) common(w http.ResponseWriter, r *http.Request, s *session.Session) (common, error) {
	field, err := s.CSRFField(r.Context())
	if err != nil {
		return common{}, err
	}
	c := common{CSRF: field, Name: s.User(), Flashes: s.PopFlash("")} // read once, then gone
	if c.Name != "" {
		noteLogin(w, s)
	} else {
		c.Warning = a.whyLoggedOut(w, r)
	}
	return c, nil
}

// home is what templates/home.html shows.
type home struct {
	common
	Draft   draft
	Signed  []any // thanks for an entry, shown beside it
	Entries []entry
	Panel   panel

	MaxName, MaxMessage int
}

func (a *app) showHome(w http.ResponseWriter, r *http.Request, s *session.Session, status int, d draft) {
	c, err := a.common(w, r, s)
	if err != nil {
		sessionFailed(w, r, err)
		return
	}
	render(w, status, homePage, home{
		common: c, Draft: d,
		Signed:  s.PopFlash("book"),
		Entries: a.book.newestFirst(),
		Panel:   panelOf(s),
		MaxName: maxName, MaxMessage: maxMessage,
	})
}

// problem is what templates/problem.html shows.
type problem struct {
	Title, Advice string
	Again         string // the URL that a visitor may try again, if there is one
}

func showProblem(w http.ResponseWriter, status int, title, advice string) {
	render(w, status, problemPage, problem{Title: title, Advice: advice})
}

// tryLater asks the visitor to come back. A page is asked for once more; a form
// was perhaps taken, which only the book can tell.
func tryLater(w http.ResponseWriter, r *http.Request) {
	p := problem{
		Title:  "Please come back in a moment",
		Advice: "The guestbook cannot reach its sessions just now.",
		Again:  "/",
	}
	if r.Method == http.MethodGet {
		p.Again = r.URL.RequestURI()
	} else {
		p.Advice += " What you sent may be lost: look whether it is there, and send it again if not."
	}
	w.Header().Set("Retry-After", "5")
	render(w, http.StatusServiceUnavailable, problemPage, p)
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
func sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, session.ErrGone), errors.Is(err, session.ErrEnded):
		showProblem(w, http.StatusConflict, "Your session has ended",
			"You may have logged in or out in another tab, been logged out from another device, or been away for too long. Nothing was changed.")
	case errors.Is(err, session.ErrUnbound):
		showProblem(w, http.StatusForbidden, "Is this the browser that logged in?",
			"The session is bound to the browser that logged in, and this request did not prove that it comes from there. Reload the page; if that does not help, delete this site's cookies and log in again.")
	case errors.Is(err, session.ErrUnavailable), errors.Is(err, session.ErrConflict):
		tryLater(w, r)
	case errors.Is(err, session.ErrNoUserIndex):
		showProblem(w, http.StatusNotImplemented, "No list of devices",
			"This guestbook does not keep sessions by user: user_sessions is not set in its settings.")
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
