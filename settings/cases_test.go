package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
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
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			runCase(t, file, archive)
		})
	}
}

func runCase(t *testing.T, file string, archive *txtar.Archive) {
	dir := t.TempDir()
	load, want := "", map[string]string{}
	for _, part := range archive.Files {
		content := string(part.Data)
		switch part.Name {
		case "load":
			load = filepath.Join(dir, strings.TrimSpace(content))
		case "environment":
			for line := range strings.Lines(content) {
				name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				t.Setenv(name, value)
			}
		case "options", "warnings", "errors":
			want[part.Name] = strings.TrimSuffix(strings.ReplaceAll(content, "<here>", dir), "\n")
		default:
			path := writeFile(t, filepath.Join(dir, part.Name), content)
			if load == "" && strings.HasPrefix(part.Name, "settings.") {
				load = path
			}
		}
	}
	o, err := loadAndParse(load)
	if *update {
		rewriteCase(t, file, dir, archive, o, err)
		return
	}
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

// rewriteCase writes what came of a case into its file: read the difference.
func rewriteCase(t *testing.T, file, dir string, archive *txtar.Archive, o *Options, err error) {
	t.Helper()
	parts := map[string]string{}
	if err != nil {
		parts["errors"] = err.Error()
	} else {
		parts["options"], parts["warnings"] = describe(o), strings.Join(o.Warnings, "\n")
	}
	kept := slices.DeleteFunc(archive.Files, func(part txtar.File) bool {
		return part.Name == "options" || part.Name == "warnings" || part.Name == "errors"
	})
	for _, name := range []string{"options", "warnings", "errors"} {
		if text := strings.ReplaceAll(parts[name], dir, "<here>"); text != "" {
			kept = append(kept, txtar.File{Name: name, Data: []byte(text + "\n")})
		}
	}
	archive.Files = kept
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
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
	plain := map[string]any{}
	for name, value := range defaults.fields {
		plain[name] = value
	}
	for name, value := range o.fields {
		if name != "Warnings" && !reflect.DeepEqual(value, plain[name]) {
			lines = append(lines, name+" = "+describeValue(reflect.ValueOf(value)))
		}
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
