package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// errNoPyramid is for a machine whose Pythons have no Pyramid.
var errNoPyramid = errors.New("pyramid: no python3 on the PATH has Pyramid (Debian: apt install python3-pyramid); -python names another interpreter")

// exampleDir finds this example's files from the repository's root, and from
// the folder itself.
func exampleDir() (string, error) {
	for _, dir := range []string{filepath.Join("examples", "pyramid"), "."} {
		if _, err := os.Stat(filepath.Join(dir, "shared_app.py")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("pyramid: there is no examples/pyramid/shared_app.py here; run this from the repository's root")
}

// findPython returns the first python3 on the PATH that has Pyramid: a
// distribution's packages are only for its own interpreter.
func findPython(ctx context.Context) (string, error) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		python, err := exec.LookPath(filepath.Join(dir, "python3"))
		if err != nil {
			continue
		}
		if exec.CommandContext(ctx, python, "-c", "import pyramid").Run() == nil {
			return python, nil
		}
	}
	return "", errNoPyramid
}

// startPython starts the Pyramid application on a free port.
func (s *stack) startPython(ctx context.Context, o stackOptions, script, ini string) (*url.URL, error) {
	python := o.python
	if python == "" {
		var err error
		if python, err = findPython(ctx); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, python, script, ini)
	cmd.Env = append(os.Environ(), "REDIS_SESSIONS_REDIS_URL="+o.redis, "REDIS_SESSIONS_FORMAT="+o.format, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // it ends with this pipe, however this program ends
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("pyramid: %w", err)
	}
	s.closers = append(s.closers, func() error {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil && ctx.Err() == nil { // Ctrl-C ends it too
			return err
		}
		return nil
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	port, badPort := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || badPort != nil {
		return nil, errors.New("pyramid: the Python application did not start; it says why above")
	}
	return &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}, nil
}
