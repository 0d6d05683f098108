package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// command is the program, built once.
var command string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "redissessions")
	if err == nil {
		command = filepath.Join(dir, "redissessions")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
	}
	status := 2
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		status = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// hidden are texts that no output of the command may have: secrets, passwords, session IDs
// and cookies. Every run is searched for all of them.
var hidden struct {
	mu    sync.Mutex
	texts []string
}

func hide(texts ...string) {
	hidden.mu.Lock()
	defer hidden.mu.Unlock()
	for _, text := range texts {
		if text != "" {
			hidden.texts = append(hidden.texts, text)
		}
	}
}

func searchForHidden(t *testing.T, args []string, output string) {
	t.Helper()
	hidden.mu.Lock()
	defer hidden.mu.Unlock()
	for _, text := range hidden.texts {
		if strings.Contains(output, text) {
			t.Errorf("redissessions %s prints %q:\n%s", strings.Join(args, " "), text, output)
		}
	}
}

// result is what a run of the command came to.
type result struct {
	out, err string
	status   int
}

// run runs the command as in a pipe.
func run(t *testing.T, in string, args ...string) result {
	t.Helper()
	return runIn(t, nil, in, args...)
}

func runIn(t *testing.T, env []string, in string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command, args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &errOut
	cmd.Env = append(os.Environ(), env...)
	_ = cmd.Run()
	searchForHidden(t, args, out.String()+errOut.String())
	if strings.Contains(out.String()+errOut.String(), "\x1b") {
		t.Errorf("redissessions %s moves the terminal's cursor: %q", strings.Join(args, " "), out.String())
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// wants checks a status and texts that the output has.
func (r result) wants(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("the status is %d, want %d\n%s%s", r.status, status, r.out, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("%q is not in\n%s%s", text, r.out, r.err)
		}
	}
}

const (
	secret   = "hunter2-a-secret-of-a-test-hunter2"
	password = "swordfish-of-a-test"
)

// site is an application with sessions, and its settings file.
type site struct {
	t    *testing.T
	file string
	f    *session.Factory
}

// settingsFile writes a settings file. A secret is added unless there is one.
func settingsFile(t *testing.T, keys map[string]string) string {
	t.Helper()
	hide(secret, password)
	var b strings.Builder
	b.WriteString("[app:main]\n")
	if _, ok := keys["secret"]; !ok {
		fmt.Fprintf(&b, "redis.sessions.secret = %s\n", secret)
	}
	for key, value := range keys {
		fmt.Fprintf(&b, "redis.sessions.%s = %s\n", key, value)
	}
	file := filepath.Join(t.TempDir(), "site.ini")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// newSite makes an application of settings.
func newSite(t *testing.T, keys map[string]string) *site {
	t.Helper()
	s := &site{t: t, file: settingsFile(t, keys)}
	src, err := settings.Load(s.file)
	if err != nil {
		t.Fatal(err)
	}
	if s.f, err = factory.FromSettings(src); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.f.Close() })
	return s
}

// visit lets a visitor send a request whose handler is called with its session. The
// visitor's cookie and the session's ID are hidden from then on.
func (s *site) visit(v *visitor.Visitor, handle func(ctx context.Context, s *session.Session) error) {
	s.t.Helper()
	resp := v.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sess, err := session.FromRequest(r)
		if err == nil {
			err = handle(r.Context(), sess)
		}
		if err != nil {
			s.t.Error(err)
		}
	})), "/")
	if resp.StatusCode != http.StatusOK {
		s.t.Errorf("the page is answered with %d", resp.StatusCode)
	}
	_ = v.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if sess, err := session.FromRequest(r); err == nil {
			hide(sess.ID())
		}
	})), "/")
	hide(v.Cookie("session"))
}

// newVisitor is a visitor who has put a value into the session, and logged in where user
// is not "".
func (s *site) newVisitor(user string) *visitor.Visitor {
	s.t.Helper()
	v := visitor.New(s.t)
	s.visit(v, func(ctx context.Context, sess *session.Session) error {
		sess.Set("basket", []any{"a book", int64(3)})
		sess.Set("note", "of a visitor\x1b[31m")
		sess.Set("a key\x1b[2J", true)
		if user == "" {
			return nil
		}
		return sess.Login(ctx, user)
	})
	return v
}

// here reports whether a visitor's session is there.
func (s *site) here(v *visitor.Visitor) (here bool) {
	_ = v.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if sess, err := session.FromRequest(r); err == nil {
			here = sess.Has("basket")
		}
	})), "/")
	return here
}
