package newuser_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// folder is what a reader has on the machine: at first an empty folder. The reader does
// what a page says, in its order. Two things are not as printed: the module is this
// checkout, because the printed version need not be published, and the program has a free
// port in the place of 8080.
type folder struct {
	t       *testing.T
	dir     string // where the reader's shell is
	addr    string // of the program
	env     []string
	running *exec.Cmd
	output  string // file with what the running program has printed
	said    string // what the last command printed
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	l := connecttest.Reserve(t)
	defer l.Close()
	f := &folder{t: t, dir: t.TempDir(), addr: l.Addr().String()}
	f.env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	t.Cleanup(func() { _ = f.interrupt() })
	return f
}

const printedAddr = "127.0.0.1:8080"

// do does what a snippet says.
func (f *folder) do(s snippet) {
	f.t.Helper()
	s.text = strings.ReplaceAll(s.text, printedAddr, f.addr)
	switch s.lang {
	case "sh":
		for line := range strings.Lines(s.text) {
			f.command(s, strings.TrimSpace(line))
		}
	case "text":
		if f.said != s.text {
			f.t.Errorf("%s:%d: the command printed %q, and the page says %q", s.page, s.line, f.said, s.text)
		}
	case "go", "html", "css", "js", "ini", "yaml":
		f.write(s, s.file(f.t))
	default:
		f.t.Fatalf("%s:%d: there is no way to do a block of %q", s.page, s.line, s.lang)
	}
}

var (
	starts = regexp.MustCompile(`^(\w+=\S+ )*(go run \.|\./\w+( .*)?)$`)
	gets   = regexp.MustCompile(`^go get ` + regexp.QuoteMeta(library))
)

// command runs a line of shell. A program that is started runs until the next one is.
func (f *folder) command(s snippet, line string) {
	f.t.Helper()
	if starts.MatchString(line) {
		f.start(line)
		return
	}
	if gets.MatchString(line) {
		f.shell(s, "go mod edit -replace "+library+"="+checkout(f.t))
		line = "GOPROXY=off " + line // the replacement is all that there is to get
	}
	f.shell(s, line)
}

func (f *folder) shell(s snippet, line string) {
	f.t.Helper()
	where := filepath.Join(f.t.TempDir(), "where")
	cmd := exec.CommandContext(f.t.Context(), "sh", "-ec", line+"\npwd > "+where+"\nenv > "+where+".env")
	cmd.Dir, cmd.Env = f.dir, f.env
	var printed, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &complaints
	if err := cmd.Run(); err != nil {
		f.t.Fatalf("%s:%d: %s: %v\n%s%s", s.page, s.line, line, err, &printed, &complaints)
	}
	f.said = printed.String()
	dir, err := os.ReadFile(where)
	if err != nil {
		f.t.Fatal(err)
	}
	f.dir = strings.TrimSpace(string(dir))
	env, err := os.ReadFile(where + ".env") // the shell goes on with what was exported
	if err != nil {
		f.t.Fatal(err)
	}
	f.env = strings.Split(strings.TrimSpace(string(env)), "\n")
}

// start starts the reader's program, and ends the one that runs.
func (f *folder) start(line string) {
	f.t.Helper()
	_ = f.interrupt()
	output, err := os.CreateTemp(f.t.TempDir(), "output")
	if err != nil {
		f.t.Fatal(err)
	}
	defer output.Close()
	cmd := exec.Command("sh", "-c", "exec env "+line) //nolint:noctx // interrupt ends it
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = f.dir, f.env, output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a terminal does, for Ctrl-C
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.running, f.output = cmd, output.Name()
	connecttest.Eventually(f.t, 5*time.Minute, func() error { // go run builds it first
		conn, err := net.Dial("tcp", f.addr)
		if err != nil {
			return errors.Join(err, errors.New(f.printed()))
		}
		return conn.Close()
	})
}

// printed returns what the running program has printed.
func (f *folder) printed() string {
	text, err := os.ReadFile(f.output)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

// interrupt presses Ctrl-C and returns what the program ends with.
func (f *folder) interrupt() error {
	if f.running == nil {
		return nil
	}
	cmd := f.running
	f.running = nil
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		return err
	}
	return cmd.Wait()
}

// write puts a snippet into a file. One that begins with package, and one that is not Go,
// is the whole file. A function replaces that of its name; lines of settings without a
// section go to the end of the file.
func (f *folder) write(s snippet, file string) {
	f.t.Helper()
	path := filepath.Join(f.dir, file)
	text := s.text
	switch {
	case s.lang == "ini" && !strings.HasPrefix(text, "["):
		text = f.read(file) + "\n" + text
	case s.lang == "go" && !regexp.MustCompile(`(?m)^package `).MatchString(text):
		text = f.withFunctions(s, f.read(file), text)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) read(file string) string {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, file))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

// withFunctions returns a file's text with the snippet's functions in the place of those of
// the same names.
func (f *folder) withFunctions(s snippet, text, functions string) string {
	f.t.Helper()
	const head = "package main\n"
	for _, changed := range declarations(f.t, head+functions) {
		found := false
		for _, old := range declarations(f.t, text) {
			if old.name == changed.name {
				text = text[:old.begin] + (head + functions)[changed.begin:changed.end] + text[old.end:]
				found = true
				break
			}
		}
		if !found {
			f.t.Fatalf("%s:%d: there is no function %s to replace", s.page, s.line, changed.name)
		}
	}
	return text
}

// declaration is a function, and where it stands.
type declaration struct {
	name       string
	begin, end int
	body       *ast.BlockStmt
}

func declarations(t *testing.T, text string) []declaration {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ParseComments)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var all []declaration
	for _, d := range parsed.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			all = append(all, declaration{fn.Name.Name, int(fn.Pos()) - 1, int(fn.End()) - 1, fn.Body})
		}
	}
	return all
}

// get returns what the running program answers to one request.
func (f *folder) get(client *http.Client, path string) (status int, text string) {
	f.t.Helper()
	resp, err := client.Get("http://" + f.addr + path)
	if err != nil {
		f.t.Fatalf("%v\n%s", err, f.printed())
	}
	return f.answer(resp)
}

func (f *folder) answer(resp *http.Response) (status int, text string) {
	f.t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
