package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// writer writes one figure of an application.
type writer func(c record.Cell, app string) string

// column is a column of a table: an application's figures in some cells, which
// stand next to each other.
type column struct {
	head  string
	cells []record.Cell
	write writer
}

// table writes a Markdown table with a row for each application. Rows and
// columns without any figure are left out.
func table(corner string, apps []string, columns []column) string {
	columns = slices.DeleteFunc(columns, func(c column) bool {
		return !slices.ContainsFunc(apps, func(app string) bool { return c.of(app) != none })
	})
	var b strings.Builder
	b.WriteString("| " + corner + " |")
	for _, c := range columns {
		b.WriteString(" " + c.head + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(columns)) + "\n")
	for _, app := range apps {
		var row []string
		for _, c := range columns {
			row = append(row, c.of(app))
		}
		if slices.ContainsFunc(row, func(text string) bool { return text != none }) {
			fmt.Fprintf(&b, "| %s | %s |\n", app, strings.Join(row, " | "))
		}
	}
	return b.String()
}

func (c column) of(app string) string {
	var texts []string
	for _, cell := range c.cells {
		texts = append(texts, c.write(cell, app))
	}
	if !slices.ContainsFunc(texts, func(text string) bool { return text != none }) {
		return none
	}
	return strings.Join(texts, " / ")
}
