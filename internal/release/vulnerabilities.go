package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// checkVulnerabilities runs govulncheck in each published module. It needs the data of
// GOVULNDB, by default https://vuln.go.dev.
func checkVulnerabilities(ctx context.Context, r *repository, _ entry) (string, error) {
	source := cmp.Or(os.Getenv("GOVULNDB"), "https://vuln.go.dev")
	if err := reach(ctx, source); err != nil {
		return "", fmt.Errorf("%w: the data of %s cannot be had: %w", errSkipped, source, err)
	}
	tools := r.path("internal", "release", "go.mod")
	var errs []error
	for _, dir := range r.published {
		out, err := r.goCommand(ctx, dir, []string{"GOFLAGS="}, "tool", "-modfile="+tools, "govulncheck", "-db", source, "-test=false", "./...")
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", modulePath(dir), errors.Join(err, errors.New(out))))
		}
	}
	return fmt.Sprintf("none in %d modules, by %s", len(r.published), source), errors.Join(errs...)
}

// reach reports whether a database answers.
func reach(ctx context.Context, source string) error {
	if folder, ok := strings.CutPrefix(source, "file://"); ok {
		_, err := os.Stat(folder)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source+"/index/db.json", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", source, resp.Status)
	}
	return nil
}
