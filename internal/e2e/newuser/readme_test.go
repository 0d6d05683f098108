package newuser_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// TestReadme performs the README's first program as printed, from an empty folder, and then
// gives it the same settings in the other ways that the page shows.
func TestReadme(t *testing.T) {
	f := newFolder(t)
	t.Setenv("SESSION_SECRET", "0f5d8f6d0a9b4b7e8d2c1a3f4e5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d7")
	f.env = append(f.env, "SESSION_SECRET="+os.Getenv("SESSION_SECRET"))
	for _, s := range section(t, "README.md", "A first program") {
		f.do(s)
	}
	f.countsVisits()
	for _, file := range []string{"main.go", "development.ini"} {
		want, err := os.ReadFile(filepath.Join(checkout(t), "examples", "first", file))
		if err != nil {
			t.Fatal(err)
		}
		_, program, _ := strings.Cut(string(want), "package main") // without its comment
		_, got, _ := strings.Cut(f.read(file), "package main")
		if strings.ReplaceAll(got, f.addr, printedAddr) != program {
			t.Errorf("examples/first/%s is not that of the README", file)
		}
	}

	first := f.read("main.go")
	ways := map[string]int{}
	for _, s := range section(t, "README.md", "The settings elsewhere") {
		ways[s.lang]++
		text := first
		switch s.lang {
		case "yaml":
			f.do(s)
			text = strings.Replace(text, `"development.ini"`, `"development.yaml"`, 1)
		case "go":
			text = f.withFirstStatement(text, strings.ReplaceAll(s.text, "redis://localhost:6379/0", connecttest.RedisServer(t).URL()))
		default:
			t.Fatalf("%s:%d: there is no way to do a block of %q", s.page, s.line, s.lang)
		}
		if err := os.WriteFile(filepath.Join(f.dir, "main.go"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f.start("go run .")
		f.countsVisits()
	}
	if !maps.Equal(ways, map[string]int{"yaml": 1, "go": 2}) {
		t.Errorf("the README shows %v", ways)
	}
}

// countsVisits looks at the first program as a browser does, which asks for an icon too.
func (f *folder) countsVisits() {
	f.t.Helper()
	visitor := newReader(f).client
	for i := range 3 {
		if _, page := f.get(visitor, "/"); page != fmt.Sprintf("visit %d\n", i+1) {
			f.t.Errorf("visit %d: %q", i+1, page)
		}
		if status, _ := f.get(visitor, "/favicon.ico"); status != http.StatusNotFound {
			f.t.Errorf("the icon: status %d", status)
		}
	}
	if _, page := f.get(newReader(f).client, "/"); page != "visit 1\n" {
		f.t.Errorf("another visitor: %q", page)
	}
}

// withFirstStatement puts the statements in the place of the first one of main, and adds and
// removes imports, as an editor does.
func (f *folder) withFirstStatement(text, statements string) string {
	f.t.Helper()
	main := declarations(f.t, text)[0]
	first := main.body.List[0]
	text = text[:first.Pos()-1] + statements + text[first.End()-1:]
	text = strings.Replace(text, " // a Redis inside the program", "", 1)

	parsed, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if err != nil {
		f.t.Fatal(err)
	}
	imports := map[string]bool{
		"context": true, "os": true, "time": true, library + "/settings": true,
		library + "/connect": true, library + "/connect/goredis": true,
	}
	for _, i := range parsed.Imports {
		imports[strings.Trim(i.Path.Value, `"`)] = true
	}
	var used []string
	for _, i := range slices.Sorted(maps.Keys(imports)) {
		if regexp.MustCompile(`\b` + path.Base(i) + `\.[A-Z]`).MatchString(text) {
			used = append(used, fmt.Sprintf("\t%q\n", i))
		}
	}
	head, rest, _ := strings.Cut(text, "import (\n")
	_, rest, _ = strings.Cut(rest, "\n)")
	return head + "import (\n" + strings.Join(used, "") + ")" + rest
}
