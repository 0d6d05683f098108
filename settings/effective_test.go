package settings_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/settings"
)

// TestEffectives: every setting of docs/settings.md is there, with its value and where it
// comes from, and no secret is.
func TestEffectives(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "site.ini")
	text := "[app:main]\nredis.sessions.secret = hunter2-hunter2-hunter2-hunter2-x\nredis.sessions.secret_previous = older-hunter2-older-hunter2-older\n" +
		"redis.sessions.client_callable = redigo\ngo.redis.sessions.timeout = 40m\nredis.sessions.timeout = 10\nredis.sessions.url = redis://:hunter2@localhost/3\n" +
		"redis.sessions.cluster_addrs = a:1 b:2\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("REDIS_SESSIONS_DB", "4")
	v, err := settings.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	all := settings.Effectives(v)
	got := map[string]settings.Effective{}
	for _, e := range all {
		got[e.Name] = e
	}
	for _, want := range []settings.Effective{
		{"redis.sessions.secret", "redis.sessions.secret", "[redacted]", file + ":2"},
		{"redis.sessions.secret_previous", "redis.sessions.secret_previous", "[redacted] (1)", file + ":3"},
		{"redis.sessions.custom_connect", "redis.sessions.client_callable", "redigo", file + ":4"},
		{"redis.sessions.timeout", "go.redis.sessions.timeout", "40m0s", file + ":5"},
		{"redis.sessions.url", "redis.sessions.url", "[redacted]", file + ":7"},
		{"redis.sessions.cluster_addrs", "redis.sessions.cluster_addrs", "a:1 b:2", file + ":8"},
		{"redis.sessions.db", "redis.sessions.db", "4", "environment variable REDIS_SESSIONS_DB"},
		{"redis.sessions.password", "", "", "default"},
		{"redis.sessions.cookie_secure", "", "auto", "default"},
		{"redis.sessions.prefix", "", "session: in the native format, else none", "default"},
	} {
		if got[want.Name] != want {
			t.Errorf("got %+v, want %+v", got[want.Name], want)
		}
	}
	if strings.Contains(fmt.Sprint(all), "hunter2") {
		t.Errorf("a secret is in %v", all)
	}
	doc, err := os.ReadFile("../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range got {
		if !strings.Contains(string(doc), "`"+strings.TrimPrefix(name, "redis.sessions.")+"`") {
			t.Errorf("%s is not in docs/settings.md", name)
		}
	}
	if len(all) < 60 {
		t.Errorf("only %d settings", len(all))
	}
}

// TestEffectivesOfAMap: a source that Load did not make, and one with a mistake.
func TestEffectivesOfAMap(t *testing.T) {
	for _, e := range settings.Effectives(settings.Map{"redis.sessions.timeout": "soon", "redis.sessions.port": 7}) {
		switch e.Name {
		case "redis.sessions.timeout":
			if e.Value != "20m0s" || e.Key != "" {
				t.Errorf("%+v", e)
			}
		case "redis.sessions.port":
			if e.Value != "7" || e.Origin != "" {
				t.Errorf("%+v", e)
			}
		}
	}
}
