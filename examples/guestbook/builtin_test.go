package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAnywhere builds the program and starts it in an empty folder, as go run
// .../guestbook@latest does. It needs no file, leaves none, and stops at Ctrl-C.
func TestAnywhere(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "guestbook")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	folder, temporary := t.TempDir(), t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "-addr", "127.0.0.1:0")
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "TMPDIR="+temporary)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	about, _ := lines.ReadString('\n')
	where, _ := lines.ReadString('\n')
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(where)
	if !strings.Contains(about, "built in") || address == "" || !strings.Contains(where, "Ctrl-C") {
		t.Errorf("it printed %q and %q", about, where)
	}

	b := newBrowser(t, &httptest.Server{URL: address})
	b.get("/").want("Sign the guestbook")
	b.get("/static/style.css").wantStatus(http.StatusOK)
	b.submit("/login", url.Values{"login_name": {"Ada"}}).wantStatus(http.StatusSeeOther)
	b.get("/devices").want("this device")
	b.client.CloseIdleConnections()

	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	if err := cmd.Wait(); err != nil || !strings.Contains(string(rest), "stopping") || strings.Count(stderr.String(), "\n") != strings.Count(stderr.String(), " WARN ") {
		t.Errorf("it ended with %v and printed %q and %q", err, rest, stderr.String())
	}
	for _, dir := range []string{folder, temporary} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("it left %v, %v", left, err)
		}
	}
}

// Without -settings a development.ini of the present folder counts, unless it has no settings of
// sessions, and one that is wrong is not passed over.
func TestDefaultSettings(t *testing.T) {
	for name, tt := range map[string]struct{ path, text, file, wrong string }{
		"none":          {"other.ini", "", "built in", ""},
		"here":          {"development.ini", "[app:main]\nredis.sessions.timeout = 60\n", "development.ini", ""},
		"another's":     {"development.ini", "[app:main]\nuse = egg:shop\n[server:main]\nport = 6543\n", "built in", ""},
		"the root's":    {"examples/guestbook/development.ini", "[app:main]\n", "examples/guestbook/development.ini", ""},
		"a broken file": {"development.ini", "[app:main\n", "development.ini", "development.ini"},
		"a broken link": {"development.ini", "[app:main]\nuse = config:missing.ini\n", "development.ini", "missing.ini"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.MkdirAll(filepath.Dir(tt.path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(tt.path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, file, err := loadSettings("")
			if !strings.Contains(file, tt.file) || (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("file %q, error %v", file, err)
			}
		})
	}
}
