//go:build unix

package settings

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestPipes names pipes as the settings file and as the secret's: one that no process
// writes to is empty rather than waited for, and one with a writer is read to its end.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	silent := filepath.Join(dir, "silent.yaml")
	if err := syscall.Mkfifo(silent, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Load(silent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = Parse(v); err == nil || !strings.Contains(err.Error(), "secret: is required") {
		t.Errorf("an empty pipe as settings: %v", err)
	}
	_, err = Parse(Map{"redis.sessions.secret_file": silent})
	if err == nil || !strings.Contains(err.Error(), "silent.yaml\": is empty") {
		t.Errorf("an empty pipe as secret_file: %v", err)
	}

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const secret = "f3Q9vR2tK7mW5xY8zB4nC6dG1hJ0pLsT"
	if _, err := w.WriteString(secret + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/dev/fd/0"); err != nil {
		t.Skip("no /dev/fd")
	}
	o, err := Parse(Map{"redis.sessions.secret_file": "/dev/fd/" + strconv.Itoa(int(r.Fd()))})
	if err != nil || string(o.Secret) != secret {
		t.Errorf("a pipe with a writer: %v", err)
	}
}
