package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTagsOfThisWorkTree: a release of this work tree is served as a module proxy would. Each
// module is there, none has a replacement, which go install refuses, and a program's module
// that requires all of them gets the library of the same version. make release-check also
// builds a program with them, and installs the command.
func TestTagsOfThisWorkTree(t *testing.T) {
	t.Parallel()
	r, e := thisRepository(t)
	temp := t.TempDir()
	clone, err := r.copyTo(t.Context(), filepath.Join(temp, "clone"))
	if err != nil {
		t.Fatal(err)
	}
	if err := clone.release(t.Context(), new(strings.Builder)); err != nil {
		t.Fatal(err)
	}
	proxy := filepath.Join(temp, "proxy")
	if err := clone.proxy(t.Context(), e.version, proxy); err != nil {
		t.Fatal(err)
	}
	u, err := newUser(t.Context(), temp, proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := u.leave(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	run := func(args ...string) string {
		t.Helper()
		out, err := u.run(t.Context(), "go", args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	run("mod", "init", "example.test/shop")
	for _, dir := range published {
		m := modulePath(dir) + "@v" + e.version
		run("mod", "download", m)
		run("mod", "edit", "-require", m)
		mod, err := os.ReadFile(filepath.Join(proxy, modulePath(dir), "@v", "v"+e.version+".mod"))
		if err != nil || strings.Contains(string(mod), "replace ") {
			t.Errorf("the go.mod file of %s: %v\n%s", m, err, mod)
		}
	}
	all := run("list", "-m", "all")
	for _, dir := range published {
		if want := modulePath(dir) + " v" + e.version + "\n"; !strings.Contains(all, want) {
			t.Errorf("the program's modules have no %q:\n%s", want, all)
		}
	}
}

// TestRelease: the tagged commit has no replacement and the library's hash, the branch stays
// where it was, and nothing is tagged twice or with changes that are not committed.
func TestRelease(t *testing.T) {
	t.Parallel()
	r := newRepository(t, files())
	head := r.must(t, "rev-parse", "HEAD")
	r.write(t, "a/a.go", "package a\n")
	if err := r.release(t.Context(), new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("with a change that is not committed: %v", err)
	}
	r.must(t, "checkout", "--quiet", "a/a.go")
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.release(stopped, new(strings.Builder)); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "not committed") {
		t.Errorf("where git was stopped: %v", err)
	}

	var out strings.Builder
	if err := r.release(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "git push --atomic origin v0.1.0 session/other/v0.1.0\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("it prints %q, want at the end %q", out.String(), want)
	}
	mod := r.must(t, "show", "session/other/v0.1.0:session/other/go.mod")
	if strings.Contains(mod, "replace") || !strings.Contains(mod, "require "+library+" v0.1.0") {
		t.Errorf("the tagged go.mod is\n%s", mod)
	}
	if sum := r.must(t, "show", "session/other/v0.1.0:session/other/go.sum"); strings.Count(sum, library+" v0.1.0") != 2 {
		t.Errorf("the tagged go.sum is\n%s", sum)
	}
	if now := r.must(t, "rev-parse", "HEAD"); now != head {
		t.Errorf("the branch has moved to %s", now)
	}
	if left := r.must(t, "status", "--porcelain") + r.must(t, "worktree", "list"); strings.Count(left, "\n") != 1 {
		t.Errorf("left behind: %s", left)
	}
	if err := r.release(t.Context(), &out); err == nil || !strings.Contains(err.Error(), "are there already") {
		t.Errorf("a second time: %v", err)
	}
}

// TestRequire: every module of the repository requires the new version, and the command says it.
func TestRequire(t *testing.T) {
	t.Parallel()
	r := newRepository(t, files())
	if err := r.require("x"); err == nil {
		t.Error("x is taken for a version")
	}
	if err := r.require("0.2.0"); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"session/other/go.mod": library + " v0.2.0", constantFile: `"v0.2.0"`} {
		text, err := os.ReadFile(r.path(file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q: %v\n%s", file, want, err, text)
		}
	}
	if err := r.checkRequire("0.2.0"); err != nil {
		t.Error(err)
	}
}

// TestThisRepository: what does not depend on the moment of a release holds at any time.
func TestThisRepository(t *testing.T) {
	t.Parallel()
	r, e := thisRepository(t)
	if err := r.checkRequire(e.version); err != nil {
		t.Error(err)
	}
	if _, err := checkGolden(t.Context(), r, e); err != nil {
		t.Error(err)
	}
}

// thisRepository returns this work tree and the newest version in its changelog.
func thisRepository(t *testing.T) (*repository, entry) {
	t.Helper()
	r, err := open(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.changelog()
	if err != nil {
		t.Fatal(err)
	}
	return r, e
}
