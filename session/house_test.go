package session_test

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mostFiles is how many files the package may have, tests left out: all files of a package
// see each other, so that a reader has to know all of them. What needs nothing of a Session
// or Factory is a package in internal.
const mostFiles = 26

func TestFewFiles(t *testing.T) {
	if files := sources(t, "."); len(files) > mostFiles {
		t.Errorf("%d files, want at most %d; move what needs no Session to a package in internal: %s", len(files), mostFiles, files)
	}
}

// The packages in internal are used by session, and use nothing of it.
func TestInternalPackagesImportNothingOfSession(t *testing.T) {
	const module = "github.com/pyramidgo/redissessions/"
	for _, dir := range internalPackages(t) {
		for _, file := range sources(t, dir) {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if of, ok := strings.CutPrefix(name, module); ok && !strings.HasPrefix(of, "encode") && !strings.HasPrefix(of, "session/internal/") {
					t.Errorf("%s imports %s", file, name)
				}
			}
		}
	}
}

// docs/design.md names every package in internal, and no file or folder that is not there.
func TestDesignNamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "design.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range internalPackages(t) {
		if name := filepath.ToSlash(dir); !strings.Contains(string(text), name) {
			t.Errorf("docs/design.md does not name session/%s", name)
		}
	}
	places := regexp.MustCompile("`((?:session|connect|encode|settings|factory|cmd|bench|internal|examples)/[\\w./-]+)`").FindAllSubmatch(text, -1)
	if len(places) < 30 {
		t.Errorf("%d files and folders are named, want more than 30", len(places))
	}
	for _, found := range places {
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(path.Clean(string(found[1]))))); err != nil {
			t.Errorf("docs/design.md names %s, which is not there", found[1])
		}
	}
}

// sources returns the files of a folder's package, tests left out.
func sources(t *testing.T, dir string) (files []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		t.Fatalf("no files in %s", dir)
	}
	return files
}

func internalPackages(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join("internal", "*", ""))
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	return dirs
}
