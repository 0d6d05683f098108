package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"
)

// checkAPI compares the exported names of each published module with those of its last tag.
// What programs may not compile with any more needs a new minor version, and from 1.0 on a new major one.
func checkAPI(ctx context.Context, r *repository, e entry) (string, error) {
	var lines []string
	var errs []error
	for _, dir := range r.published {
		base, err := r.lastTag(ctx, dir)
		if err != nil {
			return "", err
		}
		if base == "" {
			now, err := exported(ctx, r.path(dir), modulePath(dir))
			errs = append(errs, err)
			if err == nil {
				lines = append(lines, fmt.Sprintf("%s: %d packages, compared with nothing: it has no tag yet", modulePath(dir), len(now.Packages)))
			}
			continue
		}
		changes, err := r.apiSince(ctx, dir, base)
		if err != nil {
			return "", err
		}
		incompatible := 0
		var list bytes.Buffer
		for _, c := range changes.Changes {
			mark := "+"
			if !c.Compatible {
				incompatible++
				mark = "!"
			}
			fmt.Fprintf(&list, "\n  %s %s", mark, c.Message)
		}
		line := fmt.Sprintf("%s since %s: %d changes, %d incompatible%s", modulePath(dir), base, len(changes.Changes), incompatible, &list)
		lines = append(lines, line)
		if incompatible > 0 && !mayBreak(base, e.version) {
			part := "minor"
			if semver.Major("v"+base) != "v0" {
				part = "major"
			}
			errs = append(errs, fmt.Errorf("%s\nprograms may not compile with it any more: %s must have another %s version than %s", line, e.version, part, base))
		}
	}
	return fmt.Sprintf("%d modules\n%s", len(r.published), strings.Join(lines, "\n")), errors.Join(errs...)
}

// mayBreak reports whether programs that compile with the version base need not compile with
// another one. docs/upgrading.md promises this.
func mayBreak(base, version string) bool {
	base, version = "v"+base, "v"+version
	if semver.Major(base) == "v0" && semver.MajorMinor(base) != semver.MajorMinor(version) {
		return true
	}
	return semver.Major(base) != semver.Major(version)
}

// apiSince returns what has changed in the exported API of a module since its tag.
func (r *repository) apiSince(ctx context.Context, dir, base string) (report apidiff.Report, err error) {
	temp, err := os.MkdirTemp("", "release")
	if err != nil {
		return report, err
	}
	defer removeAll(temp)
	tree := r.at(filepath.Join(temp, "tree"))
	if _, err := r.git(ctx, "worktree", "add", "--detach", "--quiet", tree.root, tagOf(dir, base)); err != nil {
		return report, err
	}
	defer func() {
		_, removeErr := r.git(context.WithoutCancel(ctx), "worktree", "remove", "--force", tree.root)
		err = errors.Join(err, removeErr)
	}()
	if dir != "." {
		// The module requires the library's tag, which need not be published yet.
		library := func(f *modfile.File) error { return f.AddReplace(library, "", tree.root, "") }
		if err := tree.edit(dir, library); err != nil {
			return report, err
		}
	}
	was, err := exported(ctx, tree.path(dir), modulePath(dir))
	if err != nil {
		return report, err
	}
	now, err := exported(ctx, r.path(dir), modulePath(dir))
	if err != nil {
		return report, err
	}
	return apidiff.ModuleChanges(was, now), nil
}

// exported loads the packages of a module that others can import.
func exported(ctx context.Context, dir, path string) (*apidiff.Module, error) {
	cfg := &packages.Config{
		Context: ctx, Dir: dir, Env: append(os.Environ(), "GOWORK=off"),
		Mode: packages.NeedName | packages.NeedImports | packages.NeedExportFile | packages.NeedTypes | packages.NeedTypesSizes,
	}
	loaded, err := packages.Load(cfg, "./...")
	if err != nil {
		return nil, err
	}
	m := &apidiff.Module{Path: path}
	for _, p := range loaded {
		for _, e := range p.Errors {
			return nil, fmt.Errorf("%s: %w", p.PkgPath, e)
		}
		if isImportable(p.Types) {
			m.Packages = append(m.Packages, p.Types)
		}
	}
	return m, nil
}

func isImportable(p *types.Package) bool {
	return p.Name() != "main" && !strings.Contains(p.Path()+"/", "/internal/")
}
