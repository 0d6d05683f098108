package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// errSkipped is wrapped by the error of a check that could not be made.
var errSkipped = errors.New("skipped")

// aCheck returns what it has found, on one line, and details on further lines.
type aCheck struct {
	name string
	do   func(ctx context.Context, r *repository, e entry) (string, error)
}

var checks = []aCheck{
	{"changelog", checkChangelog},
	{"golden records", checkGolden},
	{"requirements", func(_ context.Context, r *repository, e entry) (string, error) {
		return "the published modules require " + e.version, r.checkRequire(e.version)
	}},
	{"go.mod tidy", checkTidy},
	{"exported API", checkAPI},
	{"licences", checkLicences},
	{"vulnerabilities", checkVulnerabilities},
	{"a new user", checkNewUser},
}

// check makes the checks with the names, or every check without names, and prints a line for
// each. The error says how many have failed.
func (r *repository) check(ctx context.Context, out io.Writer, names ...string) error {
	e, err := r.changelog()
	if err != nil {
		return err
	}
	made, failed := 0, 0
	for _, c := range checks {
		if len(names) > 0 && !slices.Contains(names, c.name) {
			continue
		}
		made++
		found, err := c.do(ctx, r, e)
		mark := "ok  "
		switch {
		case errors.Is(err, errSkipped):
			mark, found = "skip", err.Error()
		case err != nil:
			failed++
			mark, found = "FAIL", err.Error()
		}
		first, rest, _ := strings.Cut(strings.TrimSpace(found), "\n")
		fmt.Fprintf(out, "%s  %-16s %s\n", mark, c.name, first)
		for line := range strings.Lines(rest) {
			fmt.Fprintf(out, "%24s%s\n", "", strings.TrimRight(line, "\n"))
		}
	}
	switch {
	case made < len(names):
		return fmt.Errorf("%d of the checks %q are none", len(names)-made, names)
	case failed > 0:
		return fmt.Errorf("%d of %d checks failed", failed, made)
	}
	return nil
}

// checkChangelog: the version is dated and described, everything is under it, and it has not
// been released with other contents.
func checkChangelog(ctx context.Context, r *repository, e entry) (string, error) {
	switch {
	case e.date == "":
		return "", fmt.Errorf("version %s has no date", e.version)
	case len(e.text) < 40:
		return "", fmt.Errorf("version %s says nothing", e.version)
	case e.unreleased != "":
		return "", fmt.Errorf(`"Unreleased" is not empty: move what is under it below a version`)
	}
	if there, err := r.git(ctx, "tag", "--list", tagOf(".", e.version)); err != nil {
		return "", err
	} else if there != "" {
		return "", fmt.Errorf("version %s has its tag already: begin the next one", e.version)
	}
	return e.version + ", " + e.date, nil
}

const goldenDir = "testdata/golden"

// checkGolden: the version has recorded what it stores, and what earlier versions recorded
// is as their tags have it.
func checkGolden(ctx context.Context, r *repository, e entry) (string, error) {
	if _, err := os.Stat(r.path(goldenDir, e.version, "manifest.json")); err != nil {
		return "", fmt.Errorf("%s/%s is missing: go test ./internal/golden -run TestThisVersionWritesTheSame -record %s", goldenDir, e.version, e.version)
	}
	folders, err := os.ReadDir(r.path(goldenDir))
	if err != nil {
		return "", err
	}
	for _, f := range folders {
		tag := tagOf(".", f.Name())
		if there, err := r.git(ctx, "tag", "--list", tag); err != nil {
			return "", err
		} else if there == "" {
			continue
		}
		if diff, err := r.git(ctx, "diff", "--stat", tag, "--", goldenDir+"/"+f.Name()); err != nil {
			return "", err
		} else if diff != "" {
			return "", fmt.Errorf("%s/%s is not what %s has:\n%s", goldenDir, f.Name(), tag, diff)
		}
	}
	return fmt.Sprintf("%d versions in %s", len(folders), goldenDir), nil
}

func checkTidy(ctx context.Context, r *repository, _ entry) (string, error) {
	dirs, err := r.modules(ctx)
	if err != nil {
		return "", err
	}
	var errs []error
	for _, dir := range dirs {
		if _, err := r.goCommand(ctx, dir, nil, "mod", "tidy", "-diff"); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", dir, err))
		}
	}
	return fmt.Sprintf("%d modules", len(dirs)), errors.Join(errs...)
}
