package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// TestCheck: every setting, where it comes from, and no secret.
func TestCheck(t *testing.T) {
	hide("hunter2", "swordfish")
	file := settingsFile(t, map[string]string{
		"timeout": "40m", "url": "redis://:" + password + "@localhost/3", "encode": "corporate", "decode": "corporate",
		"secret_previous": "older-hunter2-older-hunter2-older-hunter2",
	})
	r := runIn(t, []string{"REDIS_SESSIONS_COOKIE_NAME=shop"}, "", "check", "--settings", file)
	r.wants(t, 0, "redis.sessions.timeout", "40m0s", file+":", "environment variable REDIS_SESSIONS_COOKIE_NAME", "[redacted]", "default",
		"known to the application only", "redis.sessions.encode", "corporate", "There is no mistake")
	if lines := strings.Count(r.out, "redis.sessions."); lines < 60 {
		t.Errorf("only %d settings\n%s", lines, r.out)
	}
	run(t, "", "check", "-s", file+"#main").wants(t, 0)
	run(t, "", "check", "-s", file, "--section", "other").wants(t, 1, "other")
	run(t, "", "check", "-s", file, "--section", "other", "--json").wants(t, 1, `"mistakes":["settings: `)
	runIn(t, []string{"SHOP_REDIS_SESSIONS_TIMEOUT=7m"}, "", "check", "-s", file, "--env-prefix", "SHOP_").wants(t, 0, "7m0s", "SHOP_REDIS_SESSIONS_TIMEOUT")

	r = run(t, "", "check", "-s", file, "--json")
	var found struct {
		Settings []struct{ Name, Value, Origin string }
		Notes    []string
	}
	if err := json.Unmarshal([]byte(r.out), &found); err != nil || len(found.Settings) < 60 || len(found.Notes) != 2 {
		t.Errorf("%v: %s", err, r.out)
	}
}

// TestCheckMistakes: all of them at once, each with its place, and status 1.
func TestCheckMistakes(t *testing.T) {
	file := settingsFile(t, map[string]string{
		"timeout": "soon", "cokie_name": "x", "cookie_samesite": "none", "cookie_secure": "false",
		"url": "http://:" + password + "@localhost", "cookie_name": "__Host-x", "cookie_path": "/shop",
	})
	run(t, "", "check", "-s", file).wants(t, 1, "Mistakes:", "redis.sessions.timeout", "did you mean", file+":")
	run(t, "", "check", "-s", file, "--online").wants(t, 1, "did you mean")
	run(t, "", "count", "-s", file).wants(t, 2, "did you mean")
	run(t, "", "doctor", "-s", file).wants(t, 2, "broken", "did you mean")
	host := settingsFile(t, map[string]string{"cookie_name": "__Host-x", "cookie_path": "/shop"})
	run(t, "", "check", "-s", host).wants(t, 1, "redis.sessions.cookie_path")
}

// TestWrongFiles: no file, one that cannot be read, one that is none.
func TestWrongFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	broken := filepath.Join(dir, "broken.ini")
	for file, content := range map[string]string{text: "hello", broken: "[app:main\nredis.sessions.secret = " + secret} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, cmd := range []string{"check", "doctor", "count", "ls", "show", "reindex", "end"} {
		args := []string{cmd}
		if cmd == "end" {
			args = append(args, "--all", "--yes")
		}
		status := 2
		run(t, "x", args...).wants(t, status, "--settings")
		run(t, "x", append(args, "-s", filepath.Join(dir, "none.ini"))...).wants(t, status, "none.ini", "no such file")
		run(t, "x", append(args, "-s", dir)...).wants(t, status, dir)
		run(t, "x", append(args, "-s", text)...).wants(t, status, ".ini, .yaml")
		if cmd == "check" {
			status = 1 // a mistake in the file
		}
		run(t, "x", append(args, "-s", broken)...).wants(t, status, broken+":1")
	}
}

// TestNoServer: what to check, and the setting that says where the server is.
func TestNoServer(t *testing.T) {
	file := settingsFile(t, map[string]string{"url": "redis://:" + password + "@" + connecttest.ClosedAddr(t)})
	for _, args := range [][]string{{"count"}, {"ls"}, {"show", "0123456789"}, {"reindex"}, {"end", "0123456789"}, {"doctor"}, {"check", "--online"}} {
		run(t, "", append(args, "-s", file)...).wants(t, 2, "is Redis running")
	}
	locked := connecttest.RedisServer(t)
	if err := locked.Client().ConfigSet(t.Context(), "requirepass", password).Err(); err != nil {
		t.Fatal(err)
	}
	file = settingsFile(t, map[string]string{"url": locked.URL()})
	run(t, "", "count", "-s", file).wants(t, 2, "redis.sessions.url ("+file+":", "the server wants a password")
}

// TestUsage: what a newcomer sees first, and after a slip.
func TestUsage(t *testing.T) {
	run(t, "", "--help").wants(t, 0, "redissessions doctor --settings production.ini", "Look:", "doctor", "status is 0")
	run(t, "").wants(t, 0, "Usage:")
	run(t, "", "--version").wants(t, 0, "redissessions version v")
	run(t, "", "lss").wants(t, 2, `unknown command "lss"`, "ls")
	run(t, "", "count", "--setings", "x").wants(t, 2, "--setings", "--help")
	run(t, "", "end", "-s", "x").wants(t, 2, "give one of")
	run(t, "", "completion", "bash").wants(t, 0, "redissessions")
	for _, cmd := range []string{"check", "doctor", "count", "ls", "show", "end", "reindex", "convert", "secret"} {
		run(t, "", cmd, "--help").wants(t, 0, "Usage:", "Examples:")
	}
}

// TestSecret: new each time, 32 bytes; the steps of a rotation name the times, and no secret.
func TestSecret(t *testing.T) {
	a, b := run(t, "", "secret"), run(t, "", "secret")
	if a.status != 0 || len(strings.TrimSpace(a.out)) != 44 || a.out == b.out {
		t.Errorf("%q, %q", a.out, b.out)
	}
	file := settingsFile(t, map[string]string{"timeout": "40m"})
	run(t, "", "secret", "rotate", "-s", file).wants(t, 0, "secret_previous = NEW", "40m0s")
	never := settingsFile(t, map[string]string{"timeout": "0", "absolute_timeout": "9h"})
	run(t, "", "secret", "rotate", "-s", never).wants(t, 0, "9h0m0s")
}

// TestSecretJSON: with --json these print JSON as the other commands do.
func TestSecretJSON(t *testing.T) {
	var made struct{ Secret string }
	if got := run(t, "", "secret", "--json"); json.Unmarshal([]byte(got.out), &made) != nil || len(made.Secret) != 44 {
		t.Errorf("%q", got.out)
	}
	var rotation struct {
		Previous int
		Steps    []struct {
			Secret   string
			Previous string `json:"secret_previous"`
			Note     string
		}
	}
	file := settingsFile(t, map[string]string{"timeout": "40m"})
	out := run(t, "", "secret", "rotate", "-s", file, "--json").out
	if err := json.Unmarshal([]byte(out), &rotation); err != nil || len(rotation.Steps) != 3 {
		t.Fatalf("%v: %q", err, out)
	}
	if first, last := rotation.Steps[0], rotation.Steps[2]; first.Secret != "OLD" || first.Previous != "NEW" || last.Previous != "" || !strings.Contains(last.Note, "40m0s") {
		t.Errorf("%+v", rotation)
	}
}

// TestEmbedded: the application adds that connector itself, and another process does not see
// its sessions.
func TestEmbedded(t *testing.T) {
	file := settingsFile(t, map[string]string{"url": "embedded://", "debug": "true"})
	run(t, "", "check", "-s", file).wants(t, 0, "known to the application only")
	run(t, "", "count", "-s", file).wants(t, 2, "inside of the application's process")
	run(t, "", "doctor", "-s", file).wants(t, 2, "inside of the application's process")
}

// TestNothingToPrint: what is printed for a person when there is nothing to print.
func TestNothingToPrint(t *testing.T) {
	srv := connecttest.RedisServer(t)
	file := settingsFile(t, map[string]string{"url": srv.URL()})
	run(t, "", "ls", "-s", file).wants(t, 0, "there is no session")
	if r := run(t, "", "ls", "-s", file, "--json"); r.out+r.err != "" {
		t.Errorf("JSON has %q", r.out+r.err)
	}
	if r := run(t, "", "check", "-s", "none.ini"); strings.HasPrefix(r.out, "\n") {
		t.Errorf("it begins with an empty line: %q", r.out)
	}
}
