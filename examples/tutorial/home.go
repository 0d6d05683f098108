package main

import (
	_ "embed"
	"html/template"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// book is one line of the reading list.
type book struct{ Title, Author string }

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

func home(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // sessionFailed answers
	}
	field, err := s.CSRFField(r.Context())
	if err != nil {
		sessionFailed(w, r, err)
		return
	}
	books, _ := session.Value[[]book](s, "books")
	user, _ := session.Value[string](s, "user")
	// The page is for this visitor only: no cache may keep it.
	w.Header().Set("Cache-Control", "no-store")
	_ = page.Execute(w, map[string]any{
		"CSRF": field, "Books": books, "User": user,
		"Flashes": s.PopFlash(""), // shown once
	})
}
