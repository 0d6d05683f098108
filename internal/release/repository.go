package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// library is the module of the repository's root.
const library = "github.com/pyramidgo/redissessions"

// published are the folders of the modules that users get, by their own tags. The first is
// the library.
var published = []string{".", "session/adapter/gin", "session/adapter/fiber", "session/sessionotel", "cmd/redissessions"}

// modulePath returns the path of the module in a folder.
func modulePath(dir string) string { return path.Join(library, dir) }

// tagOf returns the tag of a module's version.
func tagOf(dir, version string) string {
	if dir == "." {
		return "v" + version
	}
	return dir + "/v" + version
}

// repository is a work tree of git.
type repository struct {
	root      string
	published []string // folders of modules
}

// at returns the repository with another work tree.
func (r *repository) at(root string) *repository { return &repository{root, r.published} }

func open(ctx context.Context, dir string) (*repository, error) {
	r := &repository{dir, published}
	top, err := r.git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	return r.at(strings.TrimSpace(top)), nil
}

func (r *repository) path(parts ...string) string {
	return filepath.Join(append([]string{r.root}, parts...)...)
}

// git returns what a git command prints.
func (r *repository) git(ctx context.Context, args ...string) (string, error) {
	return command(ctx, r.root, nil, "git", args...)
}

// goCommand runs the go command in a folder of the repository, with variables added to the
// environment.
func (r *repository) goCommand(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	return command(ctx, r.path(dir), env, "go", args...)
}

// command returns what a program prints to its standard output. The error has what it
// prints to the other.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	var complaints strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = dir, &complaints
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), env...)
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, complaints.String(), out)
	}
	return string(out), nil
}

// removeAll removes a temporary folder. What cannot be removed stays for the system.
func removeAll(dir string) { _ = os.RemoveAll(dir) }

// modules returns the folders of all modules, also those that are not published.
func (r *repository) modules(ctx context.Context) ([]string, error) {
	files, err := r.git(ctx, "ls-files", "--cached", "--others", "--exclude-standard", "go.mod", "*/go.mod")
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, file := range strings.Fields(files) {
		dirs = append(dirs, path.Dir(file))
	}
	return dirs, nil
}

// lastTag returns the newest version of a module that has a tag, "" when none has.
func (r *repository) lastTag(ctx context.Context, dir string) (string, error) {
	out, err := r.git(ctx, "tag", "--list", tagOf(dir, "*"))
	if err != nil {
		return "", err
	}
	var versions []string
	for _, tag := range strings.Fields(out) {
		if v := strings.TrimPrefix(tag, strings.TrimSuffix(tagOf(dir, ""), "v")); semver.IsValid(v) {
			versions = append(versions, v)
		}
	}
	if versions == nil {
		return "", nil
	}
	return strings.TrimPrefix(slices.MaxFunc(versions, semver.Compare), "v"), nil
}

// entry is the newest version in CHANGELOG.md.
type entry struct {
	version, date string
	unreleased    string // what stands under "Unreleased"
	text          string // what stands under the version
}

var heading = regexp.MustCompile(`(?m)^## \[?(Unreleased|\d+\.\d+\.\d+)\]?(?: - (\d{4}-\d{2}-\d{2}))?$`)

// changelog reads CHANGELOG.md.
func (r *repository) changelog() (entry, error) {
	file, err := os.ReadFile(r.path("CHANGELOG.md"))
	if err != nil {
		return entry{}, err
	}
	text := string(file)
	at := heading.FindAllStringSubmatchIndex(text, -1)
	part := func(i, n int) string {
		if at[i][2*n] < 0 {
			return ""
		}
		return text[at[i][2*n]:at[i][2*n+1]]
	}
	under := func(i int) string {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		return strings.TrimSpace(text[at[i][1]:end])
	}
	if len(at) < 2 || part(0, 1) != "Unreleased" || part(1, 1) == "Unreleased" {
		return entry{}, fmt.Errorf(`CHANGELOG.md: the first two headings must be "## Unreleased" and that of a version, such as "## 0.1.0 - 2026-11-26"`)
	}
	return entry{version: part(1, 1), date: part(1, 2), unreleased: under(0), text: under(1)}, nil
}
