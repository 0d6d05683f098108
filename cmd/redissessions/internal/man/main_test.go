package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrite: each command has a page, and each shell its completion.
func TestWrite(t *testing.T) {
	folder := t.TempDir()
	if err := write(folder); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "-check", "-doctor", "-count", "-ls", "-show", "-end", "-reindex", "-convert", "-secret", "-secret-rotate"} {
		page, err := os.ReadFile(filepath.Join(folder, "man1", "redissessions"+name+".1"))
		if err != nil || !strings.Contains(string(page), ".SH SYNOPSIS") {
			t.Errorf("%q: %v", name, err)
		}
	}
	// What the help has in columns is not filled as text.
	for name, line := range map[string]string{"end": "end --user USER --others-than HANDLE", "doctor": "warning  it works"} {
		page, err := os.ReadFile(filepath.Join(folder, "man1", "redissessions-"+name+".1"))
		before, _, found := strings.Cut(strings.ReplaceAll(string(page), `\-`, "-"), line)
		if err != nil || !found || strings.Count(before, "\n.EX\n") <= strings.Count(before, "\n.EE\n") {
			t.Errorf("%s: %q is filled, or not there: %v", name, line, err)
		}
	}
	for _, name := range []string{"redissessions.bash", "_redissessions", "redissessions.fish"} {
		if info, err := os.Stat(filepath.Join(folder, "completion", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
