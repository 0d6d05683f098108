package main

import (
	"embed"
	"html/template"
	"log"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

//go:embed *.html static
var files embed.FS

var pages = template.Must(template.ParseFS(files, "*.html"))

// book is one line of the reading list.
type book struct{ Title, Author string }

func home(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // the session's Handler answers
	}
	csrf, err := s.CSRFField(r.Context())
	if err != nil {
		return // the session's Handler answers
	}
	books, _ := session.Value[[]book](s, "books")
	data := map[string]any{
		"Books":   books,
		"CSRF":    csrf,
		"Flashes": s.PopFlash(""), // shown once
		"User":    s.User(),
	}
	// The page is for this visitor only: no cache may keep it.
	w.Header().Set("Cache-Control", "no-store")
	if err := pages.ExecuteTemplate(w, "page.html", data); err != nil {
		log.Print(err)
	}
}
