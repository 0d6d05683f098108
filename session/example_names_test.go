package session_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryNameAtAGlanceHasAnExample tests that whoever looks up a name of the README's table
// "The session at a glance" in the documentation finds an example beside it.
func TestEveryNameAtAGlanceHasAnExample(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "## The session at a glance")
	table, _, _ = strings.Cut(table, "\n\nWhat a request costs")
	files, err := filepath.Glob("*example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples.Write(text)
	}
	names := regexp.MustCompile("`(session\\.|Factory\\.)?([A-Z]\\w*)[^`]*`").FindAllStringSubmatch(table, -1)
	if len(names) < 40 {
		t.Fatalf("the table has %d names, want at least 40", len(names))
	}
	for _, name := range names {
		example := map[string]string{"": "Session_", "session.": "", "Factory.": "Factory_"}[name[1]] + name[2]
		if !strings.Contains(examples.String(), "\nfunc Example"+example+"()") {
			t.Errorf("%s has no example: there is no func Example%s", name[0], example)
		}
	}
}
