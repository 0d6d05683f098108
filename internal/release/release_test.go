package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const changelog = `# Changelog

## Unreleased

## 0.1.0 - 2026-11-26

The first release of a module with a function, for a test.
`

// files are a repository that can be released.
func files() map[string]string {
	return map[string]string{
		"CHANGELOG.md":                     changelog,
		"go.mod":                           "module " + library + "\n\ngo 1.26.0\n",
		"a/a.go":                           "// Package a is for a test.\npackage a\n\nimport \"strings\"\n\n// F is a function.\nfunc F(s string) string { return strings.ToUpper(s) }\n",
		"internal/hidden/h.go":             "package hidden\n\nfunc H() {}\n",
		"session/other/go.mod":             "module " + library + "/session/other\n\ngo 1.26.0\n\nreplace " + library + " => ../..\n\nrequire " + library + " v0.1.0\n",
		"session/other/go.sum":             "",
		"session/other/other.go":           "// Package other is for a test.\npackage other\n\nimport \"" + library + "/a\"\n\n// G is a function.\nfunc G() string { return a.F(\"\") }\n",
		constantFile:                       "package cli\n\nconst release = \"v0.1.0\"\n",
		goldenDir + "/0.1.0/manifest.json": "{}\n",
	}
}

// newRepository returns a repository with files, all of them committed.
func newRepository(t *testing.T, files map[string]string) *repository {
	t.Helper()
	r := &repository{t.TempDir(), []string{".", "session/other"}}
	r.must(t, "init", "--quiet")
	for name, value := range map[string]string{"user.name": "a test", "user.email": "test@example.test", "commit.gpgsign": "false", "tag.gpgsign": "false"} {
		r.must(t, "config", name, value)
	}
	for name, text := range files {
		r.write(t, name, text)
	}
	r.commit(t)
	return r
}

func (r *repository) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := r.git(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *repository) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r *repository) commit(t *testing.T) {
	t.Helper()
	r.must(t, "add", "--all")
	r.must(t, "commit", "--quiet", "--allow-empty", "--message", "a change")
}

// change is what a test does to the repository, and a part of what the check then says.
type change struct {
	name string
	do   func(t *testing.T, r *repository)
	want string // "" when it passes
}

func replace(file, old, by string) func(t *testing.T, r *repository) {
	return func(t *testing.T, r *repository) {
		t.Helper()
		text, err := os.ReadFile(r.path(file))
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("%s has no %q: %v", file, old, err)
		}
		r.write(t, file, strings.ReplaceAll(string(text), old, by))
	}
}

// released makes the release of version 0.1.0, and then changes.
func released(then ...func(t *testing.T, r *repository)) func(t *testing.T, r *repository) {
	return func(t *testing.T, r *repository) {
		t.Helper()
		if err := r.release(t.Context(), new(strings.Builder)); err != nil {
			t.Fatal(err)
		}
		for _, do := range then {
			do(t, r)
		}
	}
}

func nothing(*testing.T, *repository) {}

// TestChecks: each check passes for a repository that is right, and fails for one that is not.
func TestChecks(t *testing.T) {
	next := func(version string) func(*testing.T, *repository) {
		return replace("CHANGELOG.md", "## 0.1.0", "## "+version)
	}
	tests := map[string][]change{
		"changelog": {
			{"as it should be", nothing, ""},
			{"no date", replace("CHANGELOG.md", " - 2026-11-26", ""), "has no date"},
			{"nothing said", replace("CHANGELOG.md", "The first release of a module with a function, for a test.", "x"), "says nothing"},
			{"unreleased", replace("CHANGELOG.md", "## Unreleased\n", "## Unreleased\n\n- a change\n"), "not empty"},
			{"released already", released(), "has its tag already"},
		},
		"golden records": {
			{"as it should be", nothing, ""},
			{"missing", next("0.2.0"), goldenDir + "/0.2.0 is missing"},
			{"unchanged since its tag", released(), ""},
			{"changed since its tag", released(replace(goldenDir+"/0.1.0/manifest.json", "{}", "{ }")), "is not what v0.1.0 has"},
		},
		"requirements": {
			{"as it should be", nothing, ""},
			{"another version", replace("session/other/go.mod", "v0.1.0", "v0.0.9"), "run go run . require 0.1.0"},
			{"a replacement of another module", replace("session/other/go.mod", "replace ", "replace example.test/x => ../x\n\nreplace "), "example.test/x"},
			{"another path", replace("session/other/go.mod", "session/other\n", "session/others\n"), "is of the module"},
			{"the command says another version", replace(constantFile, "0.1.0", "0.0.9"), constantFile + ` must say "v0.1.0"`},
		},
		"go.mod tidy": {
			{"as it should be", nothing, ""},
			{"a requirement that nothing needs", replace("session/other/go.mod", "require ", "require golang.org/x/mod v0.42.0\n\nrequire "), "session/other: "},
		},
		"exported API": {
			{"no tag", nothing, ""},
			{"more, and another internal name", released(next("0.1.1"), replace("internal/hidden/h.go", "H", "I"), replace("a/a.go", "func F", "func More() {}\n\n// F is a function.\nfunc F")), ""},
			{"less in a patch release", released(next("0.1.1"), replace("a/a.go", "func F(s string)", "func F(s string, n int)"), replace("session/other/other.go", `a.F("")`, `a.F("", 1)`)), "0.1.1 must have another minor version"},
			{"less in another module", released(next("0.1.1"), replace("session/other/other.go", "func G() string", "func H() string")), "G: removed"},
		},
		"licences": {
			{"no dependencies", nothing, ""},
		},
	}
	for _, c := range checks {
		for _, test := range tests[c.name] {
			t.Run(c.name+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				r := newRepository(t, files())
				test.do(t, r)
				e, err := r.changelog()
				if err != nil {
					t.Fatal(err)
				}
				found, err := c.do(t.Context(), r, e)
				switch {
				case test.want == "" && err != nil:
					t.Errorf("it fails: %v", err)
				case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
					t.Errorf("it finds %q, %v; want an error with %q", found, err, test.want)
				}
			})
		}
	}
}

// TestAPIListsWhatChanged: what a minor release changes is listed, module by module.
func TestAPIListsWhatChanged(t *testing.T) {
	t.Parallel()
	r := newRepository(t, files())
	released(replace("session/other/other.go", "func G() string", "func H() string"))(t, r)
	found, err := checkAPI(t.Context(), r, entry{version: "0.2.0"})
	for _, want := range []string{library + " since 0.1.0: 0 changes", "session/other since 0.1.0: 2 changes, 1 incompatible", "! G: removed", "+ H: added"} {
		if err != nil || !strings.Contains(found, want) {
			t.Errorf("it finds %q, %v; want %q", found, err, want)
		}
	}
}

// TestWhichVersionsMayBreak: before 1.0 a minor version may, from then on only a major one.
func TestWhichVersionsMayBreak(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		base, version string
		want          bool
	}{
		{"0.1.0", "0.1.1", false}, {"0.1.0", "0.2.0", true}, {"0.9.3", "1.0.0", true},
		{"1.0.0", "1.0.1", false}, {"1.1.0", "1.2.0", false}, {"1.2.0", "2.0.0", true},
	} {
		if got := mayBreak(test.base, test.version); got != test.want {
			t.Errorf("from %s to %s: %v, want %v", test.base, test.version, got, test.want)
		}
	}
}

// TestLicences: a licence that is not on the list, an unknown text, and none are errors.
func TestLicences(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	const mozilla = "This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0. If a copy of the MPL was not distributed with this file, You can obtain one at http://mozilla.org/MPL/2.0/.\n"
	for _, test := range []struct{ name, file, text, want string }{
		{"this project's", "LICENSE", string(own), ""},
		{"another file", "README", string(own), "no licence file"},
		{"copyleft", "COPYING", mozilla, "its licence is MPL-2.0"},
		{"unknown", "LICENSE.md", "You may use this on Sundays, if the weather is good.\n", "0 % of its LICENSE.md is a known licence"},
		{"known, with a condition", "LICENCE", string(own) + strings.Repeat("It is not for use by anyone whose name begins with an A. ", 40), "is a known licence"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			names, err := licencesIn(dir)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, %v; want an error with %q", names, err, test.want)
			}
		})
	}
}

// TestCheckPrints: one line for each check with what it has found below it, and an error that
// says how many have failed.
func TestCheckPrints(t *testing.T) {
	old := checks
	defer func() { checks = old }()
	checks = []aCheck{
		{"good", func(context.Context, *repository, entry) (string, error) { return "fine\nand more", nil }},
		{"not to be had", func(context.Context, *repository, entry) (string, error) { return "", errSkipped }},
		{"bad", func(context.Context, *repository, entry) (string, error) { return "", errors.New("broken") }},
	}
	var out strings.Builder
	err := newRepository(t, files()).check(t.Context(), &out)
	if err == nil || err.Error() != "1 of 3 checks failed" {
		t.Errorf("the error is %v", err)
	}
	const want = "ok    good             fine\n                        and more\nskip  not to be had    skipped\nFAIL  bad              broken\n"
	if out.String() != want {
		t.Errorf("it prints\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	if err := newRepository(t, files()).check(t.Context(), &out, "good"); err != nil || strings.Contains(out.String(), "bad") {
		t.Errorf("of the check \"good\": %v\n%s", err, out.String())
	}
	if err := newRepository(t, files()).check(t.Context(), &out, "god"); err == nil {
		t.Error("a check with another name is taken for one")
	}
}
