// Package examples holds programs that a newcomer can run, each in a folder of
// its own. Its tests keep what the documentation shows equal to what they say.
package examples

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// performed are the pages, and their sections, of which internal/e2e/newuser does as printed
// what every block says. No sections are the whole page.
var performed = map[string][]string{
	"README.md":        {"A first program", "The settings elsewhere"},
	"docs/tutorial.md": nil,
}

func isPerformed(b block) bool {
	sections, ok := performed[b.page]
	return ok && (sections == nil || slices.Contains(sections, b.heading))
}

// code says for a page which files hold the Go and the INI that it shows. The files are
// compiled, and most of them run, with the other tests.
var code = map[string][]string{
	"docs/concurrency.md":            {"examples/snippets_test.go", "session/once_example_test.go"},
	"docs/frameworks.md":             {"examples/frameworks/*.go"},
	"docs/migrating-from-gorilla.md": {"examples/moving/gorilla/*.go"},
	"docs/migrating-from-scs.md":     {"examples/moving/scs/*.go"},
	"docs/migrating.md":              {"examples/migrating/*.go"},
	"docs/observing.md":              {"examples/snippets_run_test.go", "session/sessionotel/snippets_test.go"},
	"docs/running.md":                {"examples/snippets_run_test.go"},
	"docs/sharing-with-pyramid.md":   {"examples/pyramid/*.go", "examples/pyramid/*.py"},
	"docs/testing.md":                {"examples/testing/*.go"},
	"docs/users.md":                  {"examples/snippets_users_test.go"},
	"docs/writing-a-codec.md":        {"encode/codec.go", "encode/example_gzip_test.go", "examples/snippets_test.go"},
	"docs/writing-a-connector.md":    {"connect/example_test.go", "examples/snippets_connect_test.go"},
}

// block is a fenced block of a page.
type block struct {
	page    string
	heading string // above it
	lang    string
	text    string
}

// checks are the languages of the blocks, and how a test sees a block of each where it is not
// performed. A block in another language is a failure, and so is one without a language that
// no test reads.
var checks = map[string]func(*testing.T, block){
	"go":      inAFile,
	"ini":     asSettings,
	"yaml":    asSettings,
	"toml":    asSettings,
	"sh":      asCommands,
	"python":  asPython,
	"nginx":   asNginx,
	"mermaid": asDiagram,
	"text":    asOutput,
	"":        asDrawing,
}

func TestEveryBlockIsSeen(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, b := range blocks(t, page) {
			if isPerformed(b) {
				continue
			}
			check := checks[b.lang]
			if check == nil {
				t.Errorf("%s: no test sees this block of %q:\n%s", page, b.lang, b.text)
				continue
			}
			check(t, b)
		}
	}
}

// pages returns the documents of the checkout.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".md") {
			page, _ := filepath.Rel("..", path)
			found = append(found, filepath.ToSlash(page))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 20 {
		t.Fatalf("there are only %d pages", len(found))
	}
	return found
}

var fence = regexp.MustCompile("^\\s*(?:```|~~~)\\s*(.*)$")

func blocks(t *testing.T, page string) []block {
	t.Helper()
	var found []block
	var open *block
	var under string
	for line := range strings.Lines(read(t, filepath.Join("..", page))) {
		switch mark := fence.FindStringSubmatch(strings.TrimRight(line, "\n")); {
		case open != nil && mark != nil && mark[1] == "":
			found, open = append(found, *open), nil
		case open != nil:
			open.text += line
		case mark != nil:
			open = &block{page: page, heading: under, lang: mark[1]}
		case strings.HasPrefix(line, "#"):
			under = strings.Trim(line, "# \n")
		}
	}
	if open != nil {
		t.Fatalf("%s: a block does not end:\n%s", page, open.text)
	}
	return found
}

// outputs says for a page which test compares the output that it shows with a real one.
var outputs = map[string]string{
	"docs/testing.md": "examples/testing/visit_test.go",
	"docs/command.md": "cmd/redissessions/doctor_test.go",
}

func asOutput(t *testing.T, b block) {
	t.Helper()
	if test := outputs[b.page]; test == "" || !strings.Contains(read(t, filepath.Join("..", test)), filepath.Base(b.page)) {
		t.Errorf("%s: no test compares this output:\n%s", b.page, b.text)
	}
}

// inAFile finds the block in a file that is compiled: line by line, but for how far it is
// indented. A block of Go is whole declarations or whole statements, so that a reader can
// take it as it is.
func inAFile(t *testing.T, b block) {
	t.Helper()
	if b.lang == "go" && !isWhole(b.text) {
		t.Errorf("%s: this is no whole declarations or statements:\n%s", b.page, b.text)
	}
	shown := unindented(b.text)
	for _, pattern := range code[b.page] {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pattern)))
		if err != nil || files == nil {
			t.Fatalf("%s: no file is %s", b.page, pattern)
		}
		for _, file := range files {
			if strings.Contains(unindented(read(t, file)), shown) {
				return
			}
		}
	}
	t.Errorf("%s: this is in none of %q:\n%s", b.page, code[b.page], b.text)
}

func isWhole(code string) bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+code, parser.SkipObjectResolution)
	if err == nil {
		return true
	}
	body, err := parser.ParseExpr("func() {\n" + code + "\n}")
	_, isFunction := body.(*ast.FuncLit) // one, and not a block that ends it and begins another
	return err == nil && isFunction
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unindented(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}
