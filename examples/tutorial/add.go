package main

import (
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// longestList keeps a session small.
const longestList = 50

func add(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // the session's Handler answers
	}
	added := book{Title: r.PostFormValue("title"), Author: r.PostFormValue("author")}
	session.Modify(s, "books", func(books []book) []book {
		books = append(books, added)
		return books[max(0, len(books)-longestList):]
	})
	s.Flash("", "Added "+added.Title+".")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
