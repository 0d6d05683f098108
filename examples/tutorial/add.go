package main

import (
	"net/http"
	"slices"

	"github.com/pyramidgo/redissessions/session"
)

// longestList keeps a session small.
const longestList = 50

func add(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // sessionFailed answers
	}
	added := book{Title: r.PostFormValue("title"), Author: r.PostFormValue("author")}
	s.Modify("books", func(old any) any {
		books, _ := old.([]any) // a list comes back from Redis as []any
		books = append(slices.Clip(books), added)
		return books[max(0, len(books)-longestList):]
	})
	s.Flash("", "Added "+added.Title+".")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
