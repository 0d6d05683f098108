// Package examples holds programs that a newcomer can run, each in a folder of
// its own. This test keeps what the documentation shows equal to what they say.
package examples

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are documents, and the folder whose files hold the code they show.
var pages = map[string]string{
	"../README.md":                      "first",
	"../docs/tutorial.md":               "tutorial",
	"../docs/migrating.md":              "migrating",
	"../docs/sharing-with-pyramid.md":   "pyramid",
	"../docs/README.md":                 "first",
	"../docs/frameworks.md":             "frameworks",
	"../docs/testing.md":                "testing",
	"../docs/migrating-from-scs.md":     "moving/scs",
	"../docs/migrating-from-gorilla.md": "moving/gorilla",
}

var (
	fenced = regexp.MustCompile("(?ms)^```(go|ini|html|yaml)\n(.*?)^```$")
	link   = regexp.MustCompile(`\]\(([^)#:,]+)(#[^)]*)?\)`)
)

// Every block of Go, INI, HTML or YAML in a page is in a file of its folder,
// line by line, but for how far it is indented. Other blocks are marked sh,
// text or python and not looked at.
func TestShownCodeIsCompiledCode(t *testing.T) {
	t.Parallel()
	for page, folder := range pages {
		blocks := fenced.FindAllStringSubmatch(read(t, page), -1)
		if len(blocks) == 0 && folder != "first" {
			t.Errorf("%s shows no code", page)
		}
		files := sources(t, folder)
		for _, block := range blocks {
			if text := unindented(block[2]); !containsAny(files[block[1]], text) {
				t.Errorf("%s: this is in no .%s file of examples/%s:\n%s", page, block[1], folder, text)
			}
		}
	}
}

// morePages are documents that show none of the examples' code.
var morePages = []string{
	"../CONTRIBUTING.md", "../SECURITY.md", "../CHANGELOG.md", "guestbook/README.md",
	"../docs/concurrency.md", "../docs/performance.md", "../docs/reliability.md", "../docs/security.md",
	"../docs/writing-a-codec.md", "../docs/writing-a-connector.md",
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, page := range slices.Concat(slices.Collect(maps.Keys(pages)), morePages) {
		for _, found := range link.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(found[1]))); err != nil {
				t.Errorf("%s: there is no %s", page, found[1])
			}
		}
	}
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
	for _, page := range slices.Concat(slices.Collect(maps.Keys(pages)), morePages) {
		for _, found := range name.FindAllStringSubmatch(read(t, page), -1) {
			if !declared[found[1]] {
				t.Errorf("%s: there is no test %s", page, found[1])
			}
		}
	}
}

// sources returns the text of a folder's files by extension.
func sources(t *testing.T, folder string) map[string][]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]string{}
	for _, name := range names {
		extension := strings.TrimPrefix(filepath.Ext(name), ".")
		files[extension] = append(files[extension], unindented(read(t, name)))
	}
	return files
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

func containsAny(texts []string, part string) bool {
	for _, text := range texts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
