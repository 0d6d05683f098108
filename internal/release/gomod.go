package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// edit changes the go.mod file of a folder.
func (r *repository) edit(dir string, change func(f *modfile.File) error) error {
	name := r.path(dir, "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := modfile.Parse(name, text, nil)
	if err != nil {
		return err
	}
	if err := change(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.Cleanup()
	if text, err = f.Format(); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// isOurs reports whether a module is one of the repository.
func isOurs(path string) bool { return path == library || strings.HasPrefix(path, library+"/") }

// requireOurs makes a go.mod file require that version of the repository's modules.
func requireOurs(f *modfile.File, version string) error {
	for _, m := range f.Require {
		if isOurs(m.Mod.Path) {
			if err := f.AddRequire(m.Mod.Path, "v"+version); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropReplace takes the replacements by folders of the repository out of a go.mod file.
func dropReplace(f *modfile.File) error {
	for _, m := range slices.Clone(f.Replace) {
		if !isOurs(m.Old.Path) {
			return fmt.Errorf("it replaces %s, which users would not get", m.Old.Path)
		}
		if err := f.DropReplace(m.Old.Path, m.Old.Version); err != nil {
			return err
		}
	}
	return nil
}

// require makes every go.mod file in the repository require a version. A build in the
// repository takes the folder that replaces it.
func (r *repository) require(version string) error {
	if !semver.IsValid("v" + version) {
		return fmt.Errorf("%q is no version such as 0.2.0", version)
	}
	dirs, err := r.modules(context.Background())
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := r.edit(dir, func(f *modfile.File) error { return requireOurs(f, version) }); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(r.path(constantFile))
	if err != nil {
		return err
	}
	return os.WriteFile(r.path(constantFile), constant.ReplaceAll(text, []byte(`const release = "v`+version+`"`)), 0o644)
}

// checkRequire returns what keeps the published go.mod files from being released.
func (r *repository) checkRequire(version string) error {
	for _, dir := range r.published {
		text, err := os.ReadFile(r.path(dir, "go.mod"))
		if err != nil {
			return err
		}
		f, err := modfile.Parse(dir+"/go.mod", text, nil)
		if err != nil {
			return err
		}
		if f.Module.Mod.Path != modulePath(dir) {
			return fmt.Errorf("%s/go.mod is of the module %s, want %s", dir, f.Module.Mod.Path, modulePath(dir))
		}
		for _, m := range f.Require {
			if isOurs(m.Mod.Path) && m.Mod.Version != "v"+version {
				return fmt.Errorf("%s/go.mod requires %s at %s: run go run . require %s in internal/release", dir, m.Mod.Path, m.Mod.Version, version)
			}
		}
		if err := dropReplace(f); err != nil {
			return fmt.Errorf("%s/go.mod: %w", dir, err)
		}
	}
	return r.checkConstant(version)
}

// constant is what the command says where its build has no version.
var constant = regexp.MustCompile(`const release = "v(.*)"`)

const constantFile = "cmd/redissessions/internal/cli/root.go"

func (r *repository) checkConstant(version string) error {
	text, err := os.ReadFile(r.path(constantFile))
	if err != nil {
		return err
	}
	if found := constant.FindSubmatch(text); found == nil || string(found[1]) != version {
		return fmt.Errorf("%s must say %q: run go run . require %s in internal/release", constantFile, "v"+version, version)
	}
	return nil
}

// sorted returns the lines of a go.sum file in the order of the go command, each once.
func sorted(lines string) string {
	all := strings.Split(strings.TrimSpace(lines), "\n")
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "\n") + "\n"
}
