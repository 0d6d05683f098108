package settings

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestEnvPrefix: two factories of one process have variables of their own.
func TestEnvPrefix(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "a.ini"), "[app:main]\nredis.sessions.secret = "+longSecret+"\nredis.sessions.port = 1\n")
	t.Setenv("REDIS_SESSIONS_COOKIE_NAME", "main")
	t.Setenv("PREFS_REDIS_SESSIONS_COOKIE_NAME", "prefs")
	t.Setenv("PREFS_GO_REDIS_SESSIONS_PORT", "2")
	t.Setenv("PREFS_REDIS_SESSION_DB", "3")
	for prefix, want := range map[string]struct {
		cookie string
		port   int
		warned string
	}{
		"":       {"main", 1, ""},
		"PREFS_": {"prefs", 2, "PREFS_REDIS_SESSION_DB is not read"},
		"OTHER_": {"session", 1, ""},
	} {
		v, err := Load(file, EnvPrefix(prefix))
		if err != nil {
			t.Fatal(err)
		}
		o, err := Parse(v)
		if err != nil {
			t.Fatal(err)
		}
		if o.CookieName != want.cookie || o.Port != want.port {
			t.Errorf("%q: %s, %d", prefix, o.CookieName, o.Port)
		}
		if warnings := strings.Join(o.Warnings, "\n"); (want.warned != "") != (warnings != "") || !strings.Contains(warnings, want.warned) {
			t.Errorf("%q: the warnings are %q", prefix, warnings)
		}
	}
	t.Setenv("PREFS_REDIS_SESSIONS_COOKIE_NAME", "no name")
	v, err := Load(file, EnvPrefix("PREFS_"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(v); err == nil || !strings.Contains(err.Error(), "environment variable PREFS_REDIS_SESSIONS_COOKIE_NAME: ") {
		t.Error(err)
	}
}

// TestPlaceOf follows a value from the file to the environment, to the program, and to the
// file as it is read again.
func TestPlaceOf(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "a.yaml"), "\nredis.sessions:\n  redis_host: a\n")
	v, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	want := func(name, place string) {
		t.Helper()
		if got := PlaceOf(v, name); got != place {
			t.Errorf("%s: %q, want %q", name, got, place)
		}
	}
	want("host", file+":3")
	want("db", file)
	v.Set("redis.sessions.redis_host", "program.test")
	want("host", "")
	v.Set("redis.sessions.redis_host", nil)
	writeFile(t, file, "redis:\n\n\n\n  sessions: {redis_host: b}\n")
	if err := v.ReadInConfig(); err != nil {
		t.Fatal(err)
	}
	want("host", file+":5")
	t.Setenv("REDIS_SESSIONS_REDIS_HOST", "c")
	if v, err = Load(file); err != nil {
		t.Fatal(err)
	}
	want("host", "environment variable REDIS_SESSIONS_REDIS_HOST")
	if got := PlaceOf(Map{"redis.sessions.host": "a"}, "host"); got != "" {
		t.Errorf("a Map: %q", got)
	}
}

// TestOriginsAreDropped: what is known about a viper goes with it.
func TestOriginsAreDropped(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "a.json"), "{}")
	before := countOrigins()
	for range 100 {
		if _, err := Load(file); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		runtime.GC()
		runtime.Gosched()
		if countOrigins() <= before+10 {
			return
		}
	}
	t.Errorf("%d origins, %d before", countOrigins(), before)
}

func countOrigins() int {
	origins.mu.Lock()
	defer origins.mu.Unlock()
	return len(origins.byViper)
}

// TestVariableThatChanges: viper reads the environment each time, and a variable that is
// gone since leaves the file's value.
func TestVariableThatChanges(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "a.ini"), "[app:main]\nredis.sessions.secret = "+longSecret+"\nredis.sessions.port = x\n")
	t.Setenv("REDIS_SESSIONS_PORT", "y")
	v, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"environment variable REDIS_SESSIONS_PORT: \"y\"", file + ":3"} {
		if _, err := Parse(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
		if err := os.Unsetenv("REDIS_SESSIONS_PORT"); err != nil {
			t.Fatal(err)
		}
	}
}
