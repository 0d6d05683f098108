package session_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityDocNamesTests: docs/security.md promises a test for every line,
// under a name that exists.
func TestSecurityDocNamesTests(t *testing.T) {
	root := ".."
	declared := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(\w+ \*testing\.[TF]\)`)
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range declaration.FindAllSubmatch(source, -1) {
			declared[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\d+) \|.*\| ([^|]*) \|$`)
	name := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	rows := row.FindAllSubmatch(doc, -1)
	for _, r := range rows {
		if !name.Match(r[2]) {
			t.Errorf("requirement %s has no test", r[1])
		}
	}
	for _, found := range name.FindAllSubmatch(doc, -1) {
		if !declared[string(found[1])] {
			t.Errorf("docs/security.md names %s, which does not exist", found[1])
		}
	}
	if len(rows) != 22 {
		t.Errorf("%d requirements, want 22", len(rows))
	}
}
