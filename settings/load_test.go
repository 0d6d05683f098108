package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadMissingFile(t *testing.T) {
	for _, name := range []string{"missing.ini", "missing.yaml", "missing.toml#x", "missing.json"} {
		_, err := Load(filepath.Join(t.TempDir(), name))
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "missing.") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoadOtherNames(t *testing.T) {
	for _, name := range []string{"", "#main", "settings", "settings.conf", "settings.ini/", "."} {
		if _, err := Load(name); err == nil || !strings.HasPrefix(err.Error(), "settings: ") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := Load(t.TempDir() + "/x.ini"); err == nil {
		t.Error("no error")
	}
	dir := filepath.Join(t.TempDir(), "d.ini")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a directory: %v", err)
	}
}

func TestLoadHashInDirectory(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "c#app", "X.INI"), "[app:a]\nk = 1\n[app:main]\nk = 2\n")
	for path, want := range map[string]string{file: "2", file + "#a": "1", file + "#main": "2"} {
		v, err := Load(path)
		if err != nil {
			t.Error(err)
		} else if got := v.GetString("k"); got != want {
			t.Errorf("%s: k is %q, want %q", path, got, want)
		}
	}
}

func TestLoadLargeFile(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "x.ini"), strings.Repeat("#\n", largestFile))
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Error(err)
	}
}

// TestLoadKeepsTheApplicationsKeys: the file is the application's too.
func TestLoadKeepsTheApplicationsKeys(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.ini":  "[app:main]\nsqlalchemy.url = postgres://$x;y#z\nsqlalchemy = q\nMixed.Case = 1\nredis = other\nredis.sessions.secret = " + longSecret + "\n",
		"a.yaml": "sqlalchemy: {url: 'postgres://$x;y#z'}\nMixed: {Case: 1}\nredis.sessions: {secret: " + longSecret + "}\n",
	} {
		v, err := Load(writeFile(t, filepath.Join(dir, name), content))
		if err != nil {
			t.Fatal(name, err)
		}
		if got := v.GetString("sqlalchemy.url"); got != "postgres://$x;y#z" {
			t.Errorf("%s: sqlalchemy.url is %q", name, got)
		}
		if got := v.GetInt("Mixed.Case"); got != 1 {
			t.Errorf("%s: Mixed.Case is %d", name, got)
		}
		if o, err := Parse(v); err != nil || o.Secret != longSecret {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLowerCaseWins runs often enough to meet every order of a map's keys.
func TestLowerCaseWins(t *testing.T) {
	dir := t.TempDir()
	ini := writeFile(t, filepath.Join(dir, "a.ini"), "[app:main]\nRedis.Sessions.Secret = "+longSecret+"\nredis.sessions.cookie_name = lower\nRedis.Sessions.Cookie_Name = Mixed\nREDIS.SESSIONS.COOKIE_NAME = UPPER\n")
	yaml := writeFile(t, filepath.Join(dir, "a.yaml"), "Redis:\n  Sessions: {Secret: "+longSecret+", cookie_name: Mixed}\nREDIS: {sessions: {cookie_name: UPPER}}\nredis: {sessions: {cookie_name: lower}}\n")
	for range 50 {
		for _, file := range []string{ini, yaml} {
			o, err := loadAndParse(file)
			if err != nil {
				t.Fatal(err)
			}
			if o.CookieName != "lower" || o.Secret != longSecret {
				t.Fatalf("%s: %+v", file, o)
			}
		}
		o, err := Parse(Map{
			"REDIS.SESSIONS.COOKIE_NAME": "UPPER", "Redis.Sessions.Secret": longSecret,
			"redis": Map{"sessions": Map{"cookie_name": "nested"}}, "redis.sessions.cookie_name": "lower",
		})
		if err != nil || o.CookieName != "lower" || o.Secret != longSecret {
			t.Fatalf("Map: %+v %v", o, err)
		}
	}
}

// TestReadInConfig: viper can read the file again, as its WatchConfig does.
func TestReadInConfig(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "a.ini"), "[app:main]\nk = 1\n")
	v, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, "\ufeff[app:main]\r\nk = 2\r\n")
	if err := v.ReadInConfig(); err != nil || v.GetString("k") != "2" {
		t.Error(v.GetString("k"), err)
	}
	if err := v.WriteConfig(); err == nil {
		t.Error("an INI file was written")
	}
}
