package newuser_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// snippet is a fenced block of a page.
type snippet struct {
	page    string
	line    int    // of the fence
	heading string // above it
	before  string // the paragraph before it
	lang    string
	text    string
}

var fence = regexp.MustCompile("^ *```(\\w*)$")

// snippets returns the fenced blocks of a page of the checkout, in their order.
func snippets(t *testing.T, page string) []snippet {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(checkout(t), page))
	if err != nil {
		t.Fatal(err)
	}
	var found []snippet
	var heading, paragraph string
	var open *snippet
	afterBlank := false
	for i, line := range strings.Split(string(text), "\n") {
		mark := fence.FindStringSubmatch(line)
		switch {
		case open != nil && mark != nil:
			found, open, paragraph = append(found, *open), nil, ""
		case open != nil:
			open.text += line + "\n"
		case mark != nil:
			open = &snippet{page: page, line: i + 1, heading: heading, before: paragraph, lang: mark[1]}
		case strings.HasPrefix(line, "#"):
			heading, paragraph = strings.Trim(line, "# "), ""
		case line == "":
			afterBlank = true
		case afterBlank:
			paragraph, afterBlank = line, false
		default:
			paragraph += "\n" + line
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: this block does not end", page, open.line)
	}
	return found
}

// section returns the snippets under one heading.
func section(t *testing.T, page, heading string) []snippet {
	t.Helper()
	var in []snippet
	for _, s := range snippets(t, page) {
		if s.heading == heading {
			in = append(in, s)
		}
	}
	if len(in) == 0 {
		t.Fatalf("%s shows nothing under %q", page, heading)
	}
	return in
}

var fileName = regexp.MustCompile("`([\\w./-]+\\.(?:go|html|css|js|ini|yaml))`")

// file returns the name of the file that the paragraph before the snippet names.
func (s snippet) file(t *testing.T) string {
	t.Helper()
	names := fileName.FindAllStringSubmatch(s.before, -1)
	if len(names) == 0 {
		t.Fatalf("%s:%d: the paragraph before this block names no file", s.page, s.line)
	}
	return names[len(names)-1][1]
}

func checkout(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}
