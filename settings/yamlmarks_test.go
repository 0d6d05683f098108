package settings

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestYAMLMarks begins values with signs that mean something in YAML: the error names the
// line and says to put them in quotes. Where a comment stands for no value, it stays one.
func TestYAMLMarks(t *testing.T) {
	for value, wanted := range map[string]string{
		"#hunter2": "a value that begins with # is a comment", "  #hunter2": "a value that begins with # is a comment",
		"@hunter2": "must stand in quotes", "%hunter2": "must stand in quotes", "`hunter2": "must stand in quotes",
		"!hunter2": "put it in quotes", "&hunter2": "put it in quotes", "*hunter2": "must stand in quotes",
		"# none is needed": "", "": "", "hun#ter2": "", `"#hunter2"`: "",
	} {
		file := writeFile(t, filepath.Join(t.TempDir(), "a.yaml"), "redis.sessions:\n  secret: f3Q9vR2tK7mW5xY8zB4nC6dG1hJ0pLsT\n  timeout: #1200\n  password: "+value+"\n")
		_, err := Load(file)
		switch {
		case wanted == "" && err != nil:
			t.Errorf("%q: %v", value, err)
		case wanted != "" && (err == nil || !strings.Contains(err.Error(), "a.yaml:4: ") || !strings.Contains(err.Error(), wanted) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%q: %v, want %s", value, err, wanted)
		}
	}
}
