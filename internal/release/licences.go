package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences that the dependencies of the published modules may have: all let a
// program under any licence link them.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Zlib"}

// leastCovered is the part of a licence file, in percent, that known licences must make up, as
// on pkg.go.dev: what else the file says may take rights away.
const leastCovered = 75

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)

// checkLicences reads the licence files of all modules whose packages the published modules
// and their tests are made of, in the module cache.
func checkLicences(ctx context.Context, r *repository, _ entry) (string, error) {
	dirs := map[string]string{} // by module and version
	for _, dir := range r.published {
		out, err := r.goCommand(ctx, dir, nil, "list", "-deps", "-test", "-json=Module", "./...")
		if err != nil {
			return "", err
		}
		for list := json.NewDecoder(strings.NewReader(out)); ; {
			var p struct {
				Module *struct{ Path, Version, Dir string }
			}
			if err := list.Decode(&p); err == io.EOF {
				break
			} else if err != nil {
				return "", err
			}
			if p.Module != nil && !isOurs(p.Module.Path) {
				dirs[p.Module.Path+"@"+p.Module.Version] = p.Module.Dir
			}
		}
	}
	count := map[string]int{}
	var errs []error
	for _, m := range slices.Sorted(maps.Keys(dirs)) {
		names, err := licencesIn(dirs[m])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m, err))
		}
		for _, name := range names {
			count[name]++
		}
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(count)) {
		found = append(found, fmt.Sprintf("%s %d", name, count[name]))
	}
	return fmt.Sprintf("%d modules: %s", len(dirs), strings.Join(found, ", ")), errors.Join(errs...)
}

// licencesIn returns the licences of the module in a folder, or an error when they are not
// all allowed.
func licencesIn(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if f.IsDir() || !licenceFile.MatchString(f.Name()) || strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		scan := licensecheck.Scan(text)
		if scan.Percent < leastCovered {
			return nil, fmt.Errorf("%.0f %% of its %s is a known licence, want %d: read it, and say in licences.go what it is", scan.Percent, f.Name(), leastCovered)
		}
		for _, m := range scan.Match {
			if !slices.Contains(allowed, m.ID) {
				return nil, fmt.Errorf("its licence is %s; allowed are %s", m.ID, strings.Join(allowed, ", "))
			}
			if !slices.Contains(names, m.ID) {
				names = append(names, m.ID)
			}
		}
	}
	if names == nil {
		return nil, errors.New("it has no licence file")
	}
	return names, nil
}
