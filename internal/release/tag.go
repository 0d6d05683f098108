package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"
)

// release makes the commit and the tags of the version in CHANGELOG.md, and prints how they
// are published. It pushes nothing, and leaves branches and the work tree as they are.
//
// In the repository each module has a replacement for the library, so that it builds against
// the folder. go install refuses a module with replacements, so the commit that is tagged has
// none, and in each go.sum the hash of the library, which the tag determines already: the
// library's files are the same in this commit and in its parent.
func (r *repository) release(ctx context.Context, out io.Writer) error {
	e, err := r.changelog()
	if err != nil {
		return err
	}
	if dirty, err := r.git(ctx, "status", "--porcelain"); err != nil {
		return err
	} else if dirty != "" {
		return errors.New("the work tree has changes that are not committed")
	}
	var tags []string
	for _, dir := range r.published {
		tags = append(tags, tagOf(dir, e.version))
	}
	if there, err := r.git(ctx, append([]string{"tag", "--list"}, tags...)...); err != nil {
		return err
	} else if there != "" {
		return fmt.Errorf("tags of %s are there already: %s", e.version, strings.Fields(there))
	}
	commit, err := r.releaseCommit(ctx, e.version)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if _, err := r.git(ctx, "tag", "--annotate", "--message", "redissessions "+e.version, tag, commit); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "tagged %s as %s\npublish them together:\n\tgit push --atomic origin %s\n", commit[:12], strings.Join(tags, ", "), strings.Join(tags, " "))
	return err
}

// releaseCommit makes the commit on top of HEAD, in a work tree of its own, and returns it.
func (r *repository) releaseCommit(ctx context.Context, version string) (commit string, err error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return "", err
	}
	defer removeAll(dir)
	tree := r.at(filepath.Join(dir, "tree"))
	if _, err := r.git(ctx, "worktree", "add", "--detach", "--quiet", tree.root, "HEAD"); err != nil {
		return "", err
	}
	defer func() {
		_, removeErr := r.git(context.WithoutCancel(ctx), "worktree", "remove", "--force", tree.root)
		err = errors.Join(err, removeErr)
	}()
	if err := r.checkRequire(version); err != nil {
		return "", err
	}
	sums, err := r.sums(ctx, version, dir)
	if err != nil {
		return "", err
	}
	for _, m := range r.published[1:] {
		if err := tree.edit(m, dropReplace); err != nil {
			return "", err
		}
		if err := addLines(tree.path(m, "go.sum"), sums); err != nil {
			return "", err
		}
	}
	if _, err := tree.git(ctx, "commit", "--quiet", "--all", "--message", "Release "+version+": the modules require the library's tag"); err != nil {
		return "", err
	}
	commit, err = tree.git(ctx, "rev-parse", "HEAD")
	return strings.TrimSpace(commit), err
}

// sums returns the lines of a go.sum file for the library at HEAD. It puts its files into temp.
func (r *repository) sums(ctx context.Context, version, temp string) (string, error) {
	zips, err := r.zipper(ctx, filepath.Join(temp, "objects"))
	if err != nil {
		return "", err
	}
	file := filepath.Join(temp, "library.zip")
	if err := writeFile(file, zips(".", version, "HEAD")); err != nil {
		return "", err
	}
	all, err := dirhash.HashZip(file, dirhash.Hash1)
	if err != nil {
		return "", err
	}
	text, err := r.git(ctx, "show", "HEAD:go.mod")
	if err != nil {
		return "", err
	}
	mod, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s v%s %s\n%s v%s/go.mod %s\n", library, version, all, library, version, mod), nil
}

// zipper returns what writes the zip file of a module at a revision. The package zip wants a
// folder .git, which an additional work tree does not have, so that it gets a clone.
func (r *repository) zipper(ctx context.Context, clone string) (func(dir, version, revision string) func(w io.Writer) error, error) {
	if _, err := r.git(ctx, "clone", "--quiet", "--shared", "--no-checkout", r.root, clone); err != nil {
		return nil, err
	}
	return func(dir, version, revision string) func(w io.Writer) error {
		return func(w io.Writer) error {
			commit, err := r.git(ctx, "rev-parse", revision+"^{commit}")
			if err != nil {
				return err
			}
			m := module.Version{Path: modulePath(dir), Version: "v" + version}
			return modzip.CreateFromVCS(w, m, clone, strings.TrimSpace(commit), strings.TrimPrefix(dir, "."))
		}
	}, nil
}

// addLines adds lines to a sorted file.
func addLines(name, lines string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(sorted(string(text)+lines)), 0o644)
}

func writeFile(name string, write func(w io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// proxy writes the modules of a tagged version into a folder, as a module proxy serves them.
func (r *repository) proxy(ctx context.Context, version, folder string) error {
	temp, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer removeAll(temp)
	zips, err := r.zipper(ctx, filepath.Join(temp, "objects"))
	if err != nil {
		return err
	}
	for _, dir := range r.published {
		tag := tagOf(dir, version)
		at := filepath.Join(folder, filepath.FromSlash(modulePath(dir)), "@v")
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		mod, err := r.git(ctx, "show", tag+":"+path.Join(dir, "go.mod"))
		if err != nil {
			return err
		}
		when, err := r.git(ctx, "log", "-1", "--format=%cI", tag)
		if err != nil {
			return err
		}
		files := map[string]func(w io.Writer) error{
			"list":                  text("v" + version + "\n"),
			"v" + version + ".mod":  text(mod),
			"v" + version + ".info": text(fmt.Sprintf("{%q:%q,%q:%q}\n", "Version", "v"+version, "Time", strings.TrimSpace(when))),
			"v" + version + ".zip":  zips(dir, version, tag),
		}
		for name, write := range files {
			if err := writeFile(filepath.Join(at, name), write); err != nil {
				return err
			}
		}
	}
	return nil
}

func text(s string) func(w io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}
