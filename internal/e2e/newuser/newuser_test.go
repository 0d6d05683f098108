package newuser_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const library = "github.com/pyramidgo/redissessions"

// program is what a new user writes after the README.
const program = `package main

import (
	"net/http"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

func main() {
	source, err := settings.Load("development.ini")
	if err != nil {
		panic(err)
	}
	sessions, err := factory.FromSettings(source)
	if err != nil {
		panic(err)
	}
	panic(http.ListenAndServe(":8080", sessions.Handler(http.NotFoundHandler())))
}
`

// needed are the modules that the program's packages come from. A name that is
// added here is a module more in the go.mod of every user.
var needed = []string{
	"github.com/cespare/xxhash/v2",
	"github.com/felixge/httpsnoop",
	"github.com/fsnotify/fsnotify",
	"github.com/fxamacker/cbor/v2",
	"github.com/go-jose/go-jose/v4", // factory knows the setting device_bound
	"github.com/go-viper/mapstructure/v2",
	"github.com/gomodule/redigo",
	"github.com/pelletier/go-toml/v2",
	"github.com/pyramidgo/redissessions",
	"github.com/redis/go-redis/v9",
	"github.com/sagikazarmark/locafero",
	"github.com/sourcegraph/conc",
	"github.com/spf13/afero",
	"github.com/spf13/cast",
	"github.com/spf13/pflag",
	"github.com/spf13/viper",
	"github.com/subosito/gotenv",
	"github.com/vmihailenco/msgpack/v5",
	"github.com/vmihailenco/tagparser/v2",
	"github.com/x448/float16",
	"go.uber.org/atomic",
	"go.yaml.in/yaml/v3",
	"golang.org/x/sys",
	"golang.org/x/text",
}

// testPrograms are parts of the names of modules that only tests need. The
// library's go.mod does not name them: what it names stands in the module graph
// of every user.
var testPrograms = []string{"toxiproxy", "zerolog", "chromedp", "cdproto", "porcupine", "prometheus", "golang.org/x/tools"}

// TestModuleOfANewUser makes the module and tidies it. Its go.mod names the
// modules that are needed and no others, and its graph has no test program.
func TestModuleOfANewUser(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "mod", "init", "example.test/shop")
	// Instead of go get, which needs a version that is published.
	run(t, dir, "mod", "edit", "-replace", library+"="+root)
	run(t, dir, "mod", "tidy")
	run(t, dir, "vet", ".")

	var mod struct{ Require []struct{ Path string } }
	if err := json.Unmarshal([]byte(run(t, dir, "mod", "edit", "-json")), &mod); err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, m := range mod.Require {
		required = append(required, m.Path)
		if !slices.Contains(needed, m.Path) {
			t.Errorf("a new user's go.mod has %s, which is not needed", m.Path)
		}
	}
	for _, m := range needed {
		if !slices.Contains(required, m) {
			t.Errorf("a new user's go.mod does not have %s: take it off the list", m)
		}
	}
	edges := 0
	for edge := range strings.Lines(run(t, dir, "mod", "graph")) {
		needs, ours := strings.CutPrefix(edge, library+"@v0.0.0-00010101000000-000000000000 ")
		if !ours {
			continue
		}
		edges++
		for _, program := range testPrograms {
			if strings.Contains(needs, program) {
				t.Errorf("a new user's module graph has %s", needs)
			}
		}
	}
	if edges < len(needed)/2 {
		t.Errorf("go mod graph names %d modules that the library needs", edges)
	}
}

// run runs the go command in a directory that belongs to no workspace.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
