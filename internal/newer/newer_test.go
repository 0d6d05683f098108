package newer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/newer"
)

func TestServer(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("REDISSESSIONS_SERVERS", folder)
	if command, err := newer.Server("valkey-server"); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("in an empty folder: %q, %v", command, err)
	}
	program := filepath.Join(folder, "usr", "bin", "valkey-server")
	libraries := filepath.Join(folder, "usr", "lib", "x86_64-linux-gnu")
	loader := filepath.Join(libraries, "ld-linux-x86-64.so.2")
	for _, path := range []string{program, loader} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command, err := newer.Server("valkey-server")
	if want := []string{loader, "--library-path", libraries, program}; err != nil || !slices.Equal(command, want) {
		t.Errorf("%q, %v, want %q", command, err, want)
	}
	if command, err := newer.Server("redis-server"); err == nil {
		t.Errorf("a program that is not there: %q", command)
	}
}
