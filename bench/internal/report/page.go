package report

import (
	"fmt"
	"strings"
)

// The markers between which a generated part of the page stands.
const (
	beginMarker = "<!-- made by make bench-record: %s -->\n"
	endMarker   = "<!-- end -->\n"
)

// Page returns the page with the text between its markers replaced. Every
// section must have its place, and every marker its section.
func Page(page string, sections []Section) (string, error) {
	for _, s := range sections {
		begin := fmt.Sprintf(beginMarker, s.Name)
		before, rest, ok := strings.Cut(page, begin)
		if !ok {
			return "", fmt.Errorf("report: the page has no place for %q: a line %q, and after it %q", s.Name, strings.TrimSpace(begin), strings.TrimSpace(endMarker))
		}
		_, after, ok := strings.Cut(rest, endMarker)
		if !ok {
			return "", fmt.Errorf("report: the place for %q has no end", s.Name)
		}
		page = before + begin + "\n" + s.Text + "\n" + endMarker + after
	}
	prefix, _, _ := strings.Cut(beginMarker, "%")
	if n := strings.Count(page, prefix); n != len(sections) {
		return "", fmt.Errorf("report: the page has %d places for %d sections", n, len(sections))
	}
	return page, nil
}
