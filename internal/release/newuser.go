package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkNewUser makes the release in a clone, serves its tags as a module proxy does, and
// does there what a user does: go get of each module, a program that is built with them, and
// go install of the command.
func checkNewUser(ctx context.Context, r *repository, e entry) (_ string, err error) {
	temp, err := os.MkdirTemp("", "release")
	if err != nil {
		return "", err
	}
	defer removeAll(temp)
	clone, err := r.copyTo(ctx, filepath.Join(temp, "clone"))
	if err != nil {
		return "", err
	}
	if err := clone.release(ctx, new(strings.Builder)); err != nil {
		return "", err
	}
	proxy := filepath.Join(temp, "proxy")
	if err := clone.proxy(ctx, e.version, proxy); err != nil {
		return "", err
	}
	u, err := newUser(ctx, temp, proxy)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, u.leave(context.WithoutCancel(ctx))) }()
	return u.try(ctx, e.version)
}

// copyTo makes a repository of the files of the work tree, those that are not committed yet
// included.
func (r *repository) copyTo(ctx context.Context, dir string) (*repository, error) {
	files, err := r.git(ctx, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	for _, file := range strings.Split(strings.TrimSuffix(files, "\x00"), "\x00") {
		text, err := os.ReadFile(r.path(file))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), text, 0o644)
		}
		if err != nil {
			return nil, err
		}
	}
	clone := r.at(dir)
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"config", "user.name", "release"},
		{"config", "user.email", "release@example.test"},
		{"config", "commit.gpgsign", "false"},
		{"config", "tag.gpgsign", "false"},
		{"add", "--all"},
		{"commit", "--quiet", "--message", "the work tree"},
	} {
		if _, err := clone.git(ctx, args...); err != nil {
			return nil, err
		}
	}
	return clone, nil
}

// user is somebody with an empty module cache and a program.
type user struct {
	dir string
	env []string
}

// newUser returns a user who gets the repository's modules from a folder, and others from
// this machine's cache or else as usual.
func newUser(ctx context.Context, temp, proxy string) (*user, error) {
	out, err := command(ctx, temp, nil, "go", "env", "GOMODCACHE", "GOPROXY")
	if err != nil {
		return nil, err
	}
	cache, usual, _ := strings.Cut(strings.TrimSpace(out), "\n")
	u := &user{dir: filepath.Join(temp, "shop"), env: []string{
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(cache, "cache", "download") + "," + usual,
		"GONOSUMDB=" + library + "," + library + "/*",
		"GOMODCACHE=" + filepath.Join(temp, "modules"), "GOBIN=" + filepath.Join(temp, "bin"),
		"GOFLAGS=-mod=mod -modcacherw -trimpath", // -trimpath: the build cache serves every folder
		"GOSUMDB=off",
	}}
	return u, os.Mkdir(u.dir, 0o755)
}

func (u *user) run(ctx context.Context, name string, args ...string) (string, error) {
	return command(ctx, u.dir, u.env, name, args...)
}

// program uses each module.
const program = `package main

import (
	"fmt"

	"github.com/pyramidgo/redissessions/factory"
	fibersessions "github.com/pyramidgo/redissessions/session/adapter/fiber"
	ginsessions "github.com/pyramidgo/redissessions/session/adapter/gin"
	"github.com/pyramidgo/redissessions/session/sessionotel"
	"github.com/pyramidgo/redissessions/settings"
)

func main() {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret":       "a secret of a new user, with 32 bytes or more",
		"redis.sessions.lazy_connect": true,
	})
	if err != nil {
		panic(err)
	}
	observer, err := sessionotel.New()
	fmt.Println(ginsessions.Handler(sessions) != nil, fibersessions.Handler(sessions) != nil, observer != nil, err)
}
`

// the modules that a program imports, and the command.
var (
	imported = published[:len(published)-1]
	cmd      = published[len(published)-1]
)

// try does what users do, and returns what they got.
func (u *user) try(ctx context.Context, version string) (string, error) {
	if err := u.get(ctx, version); err != nil {
		return "", err
	}
	printed, err := u.run(ctx, "go", "run", ".")
	if want := "true true true <nil>\n"; err != nil || printed != want {
		return "", errors.Join(err, fmt.Errorf("the program with the modules prints %q, want %q", printed, want))
	}
	if err := u.install(ctx, version); err != nil {
		return "", err
	}
	printed, err = u.run(ctx, filepath.Join(u.dir, "..", "bin", filepath.Base(cmd)), "--version")
	if want := filepath.Base(cmd) + " version v" + version + "\n"; err != nil || printed != want {
		return "", errors.Join(err, fmt.Errorf("the installed command says %q, want %q", printed, want))
	}
	return fmt.Sprintf("go get of %d modules, go install of %s", len(imported), cmd), nil
}

// get makes the program's module and gets what it imports.
func (u *user) get(ctx context.Context, version string) error {
	if _, err := u.run(ctx, "go", "mod", "init", "example.test/shop"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(u.dir, "main.go"), []byte(program), 0o600); err != nil {
		return err
	}
	for _, dir := range imported {
		if _, err := u.run(ctx, "go", "get", modulePath(dir)+"@v"+version); err != nil {
			return err
		}
	}
	return nil
}

// install installs the command. With the flag -n the go command builds nothing, but refuses
// what it would refuse without it.
func (u *user) install(ctx context.Context, version string, flags ...string) error {
	_, err := u.run(ctx, "go", append(append([]string{"install"}, flags...), modulePath(cmd)+"@v"+version)...)
	return err
}

// leave empties the module cache, whose files are read-only otherwise.
func (u *user) leave(ctx context.Context) error {
	_, err := u.run(ctx, "go", "clean", "-modcache")
	return err
}
