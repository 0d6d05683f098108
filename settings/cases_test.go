package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestCases runs testdata/settings/*.txtar. Each holds settings files, and what comes of
// settings.*, or of the name in "load": "options", one a line and only those that are not
// the default, with "warnings"; or "errors". "environment" holds variables. In all of
// them <here> is the directory of the files.
func TestCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "settings", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			parts, err := readTxtar(file)
			if err != nil {
				t.Fatal(err)
			}
			runCase(t, parts)
		})
	}
}

func runCase(t *testing.T, parts []txtarFile) {
	dir := t.TempDir()
	load, want := "", map[string]string{}
	for _, file := range parts {
		content := file.content
		switch file.name {
		case "load":
			load = filepath.Join(dir, strings.TrimSpace(content))
		case "environment":
			for line := range strings.Lines(content) {
				name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				t.Setenv(name, value)
			}
		case "options", "warnings", "errors":
			want[file.name] = strings.TrimSuffix(strings.ReplaceAll(content, "<here>", dir), "\n")
		default:
			path := writeFile(t, filepath.Join(dir, file.name), content)
			if load == "" && strings.HasPrefix(file.name, "settings.") {
				load = path
			}
		}
	}
	o, err := loadAndParse(load)
	if err != nil {
		if got := err.Error(); got != want["errors"] {
			t.Errorf("errors:\n%s\nwant:\n%s", got, want["errors"])
		}
		if strings.Contains(err.Error(), "hunter") {
			t.Error("an error repeats a secret")
		}
		return
	}
	if want["errors"] != "" {
		t.Errorf("no error, want:\n%s", want["errors"])
	}
	if got := describe(o); got != want["options"] {
		t.Errorf("options:\n%s\nwant:\n%s", got, want["options"])
	}
	if got := strings.Join(o.Warnings, "\n"); got != want["warnings"] {
		t.Errorf("warnings:\n%s\nwant:\n%s", got, want["warnings"])
	}
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func loadAndParse(path string) (*Options, error) {
	v, err := Load(path)
	if err != nil {
		return nil, err
	}
	return Parse(v)
}

// describe lists the fields that are not at their default, secrets included.
func describe(o *Options) string {
	defaults, err := Parse(Map{"redis.sessions.cookie_signer": "x"})
	if err != nil {
		panic(err)
	}
	defaults.CookieSigner = ""
	var lines []string
	got, plain := reflect.ValueOf(*o), reflect.ValueOf(*defaults)
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		if name == "Warnings" || reflect.DeepEqual(got.Field(i).Interface(), plain.Field(i).Interface()) {
			continue
		}
		lines = append(lines, name+" = "+describeValue(got.Field(i)))
	}
	return strings.Join(lines, "\n")
}

func describeValue(value reflect.Value) string {
	if d, ok := value.Interface().(time.Duration); ok {
		return d.String()
	}
	switch value.Kind() {
	case reflect.String:
		return fmt.Sprintf("%q", value.String())
	case reflect.Slice:
		items := make([]string, value.Len())
		for i := range items {
			items[i] = value.Index(i).String()
		}
		return fmt.Sprintf("%q", items)
	}
	return fmt.Sprint(value.Interface())
}

// TestErrorsAreTyped takes the joined error apart.
func TestErrorsAreTyped(t *testing.T) {
	_, err := Parse(Map{"redis.sessions.timeout": "12x", "redis.sessions.port": 0})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T is not joined", err)
	}
	keys := []string{}
	for _, err := range joined.Unwrap() {
		var mistake *Error
		if !errors.As(err, &mistake) {
			t.Fatalf("%T is not *Error", err)
		}
		keys = append(keys, mistake.Key)
	}
	want := []string{"redis.sessions.port", "redis.sessions.secret", "redis.sessions.timeout"}
	if !reflect.DeepEqual(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
}

// TestNotAvailableYet makes two features pending for its time.
func TestNotAvailableYet(t *testing.T) {
	for name, pending := range map[string]func(any) bool{
		"on_redis_down": func(value any) bool { return value != DownError },
		"password":      func(any) bool { return true },
	} {
		row := spellings[name].setting
		was := row.pending
		row.pending = pending
		t.Cleanup(func() { row.pending = was })
	}
	src := Map{"redis.sessions.secret": longSecret, "redis.sessions.on_redis_down": "error"}
	if _, err := Parse(src); err != nil {
		t.Errorf("the value that is there: %v", err)
	}
	src["redis.sessions.on_redis_down"] = "anonymous"
	src["redis.sessions.redis_password"] = "hunter2"
	_, err := Parse(src)
	want := `settings: redis.sessions.on_redis_down: "anonymous" is not available yet
settings: redis.sessions.redis_password: is not available yet`
	if err == nil || err.Error() != want || !errors.Is(err, ErrNotAvailable) {
		t.Errorf("%v\nwant %s", err, want)
	}
}
