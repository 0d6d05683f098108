package main

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// draft is what a visitor has typed, and what is wrong with it.
type draft struct {
	Name, NameError           string
	Message, MessageError     string
	LoginName, LoginNameError string

	// OutOfDate says that the form came with a token that is not the session's.
	OutOfDate bool
}

// typed reads a form that ParseForm has read.
func typed(r *http.Request) draft {
	return draft{
		Name:      tidyLine(r.PostForm.Get("name")),
		Message:   tidyText(r.PostForm.Get("message")),
		LoginName: tidyLine(r.PostForm.Get("login_name")),
	}
}

// tidyLine makes one line of what was typed, without characters that cannot be
// seen.
func tidyLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(visible, s)), " ")
}

// tidyText keeps the lines of what was typed.
func tidyText(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.TrimSpace(strings.Map(visible, s))
}

// visible drops control characters, and those that turn the direction of text
// around: a name could otherwise disturb the page around it.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return -1
	}
	return r
}

// check returns what to tell the visitor about a text, "" when it is fine.
func check(text, what string, longest int) string {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "Please enter " + what + "."
	case n > longest:
		return fmt.Sprintf("Please use at most %d characters; these are %d.", longest, n)
	}
	return ""
}
