package examples

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)#:,]*)(#[^)]*)?\)`)

// A link inside the checkout leads to a file, and, behind a #, to a heading of its.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(read(t, filepath.Join("..", page)), -1) {
			to := page
			if found[1] != "" {
				to = filepath.Join(filepath.Dir(page), filepath.FromSlash(found[1]))
			}
			if _, err := os.Stat(filepath.Join("..", to)); err != nil {
				t.Errorf("%s: there is no %s", page, found[1])
				continue
			}
			if found[2] != "" && !hasHeading(read(t, filepath.Join("..", to)), found[2][1:]) {
				t.Errorf("%s: %s has no heading %s", page, to, found[2])
			}
		}
	}
}

var (
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	dropped  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// hasHeading reports whether GitHub gives one of the text's headings this anchor.
func hasHeading(text, anchor string) bool {
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		title := strings.ToLower(linkText.ReplaceAllString(found[1], "$1"))
		if strings.ReplaceAll(dropped.ReplaceAllString(title, ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

// A page names a test as the proof of what it says. The test exists, in one of
// the modules.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, found := range declaration.FindAllStringSubmatch(read(t, path), -1) {
			declared[found[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	for _, page := range pages(t) {
		for _, found := range name.FindAllStringSubmatch(read(t, filepath.Join("..", page)), -1) {
			if !declared[found[1]] {
				t.Errorf("%s: there is no test %s", page, found[1])
			}
		}
	}
}

// The index of the documents names every one of them.
func TestTheIndexIsComplete(t *testing.T) {
	t.Parallel()
	index := read(t, "../docs/README.md")
	for _, page := range pages(t) {
		name, inDocs := strings.CutPrefix(page, "docs/")
		if inDocs && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not name %s", page)
		}
	}
	programs, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		if folder := filepath.Dir(program); !strings.Contains(index, "](../examples/"+folder+"/") {
			t.Errorf("docs/README.md does not name examples/%s", folder)
		}
	}
}
