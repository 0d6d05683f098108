package factory_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

// FromFile reads the section that its path names, prefers the environment to the
// file, and reports what Load and FromSettings report.
func TestFromFile(t *testing.T) {
	s := newSite(t, nil)
	file := filepath.Join(t.TempDir(), "development.ini")
	text := `
[app:main]
redis.sessions.secret = ` + secret + `
redis.sessions.url = redis://127.0.0.1:1/0

[app:other]
redis.sessions.secret = ` + secret + `
redis.sessions.timeout = 12x
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var wrong *settings.Error
	if _, err := factory.FromFile(file + "#other"); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "redis.sessions.timeout") {
		t.Errorf("a mistake in [app:other]: %v", err)
	}
	if _, err := factory.FromFile(filepath.Join(filepath.Dir(file), "missing.ini")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
	t.Setenv("REDIS_SESSIONS_URL", "redis://"+s.redis.Addr())
	sessions, err := factory.FromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := sessions.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := sessions.Close(); err != nil {
		t.Error(err)
	}
}
