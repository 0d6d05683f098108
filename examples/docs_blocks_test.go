package examples

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/settings"
)

// asSettings loads the block as a settings file and parses it. Lines without a section are
// part of a file, whose secret stands elsewhere.
func asSettings(t *testing.T, b block) {
	t.Helper()
	text := b.text
	if b.lang == "ini" && !strings.HasPrefix(text, "[") {
		text = "[app:main]\n" + text
	}
	if b.lang == "ini" && !regexp.MustCompile(`(?m)^redis\.sessions\.secret\b`).MatchString(text) {
		text += "\nredis.sessions.secret = 4cec2cf8a4b3a9d9f1b5c7e3d2a1908f4cec2cf8a4b3a9d9\n"
	}
	file := filepath.Join(t.TempDir(), "shown."+b.lang)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := settings.Load(file)
	if err != nil {
		t.Errorf("%s: %v in\n%s", b.page, err, b.text)
		return
	}
	o, err := settings.Parse(source)
	switch {
	case err == nil && len(source.AllKeys()) > 0:
	case err != nil && !o.Debug && strings.Contains(b.text, settings.ExampleSecret) &&
		strings.Count(err.Error(), "\n") == 0 && strings.Contains(err.Error(), "redis.sessions.secret"):
		// The documented secret is refused without debug, as it should be.
	default:
		t.Errorf("%s: %v in\n%s", b.page, err, b.text)
	}
}

var (
	makes    = regexp.MustCompile(`^make (\S+)$`)
	enters   = regexp.MustCompile(`^cd (\S+)$`)
	goes     = regexp.MustCompile(`^go (run|test|install) .*$`)
	ours     = regexp.MustCompile(`^redissessions (\w+)([^|<>]*)`)
	flags    = regexp.MustCompile(` --([\w-]+)`)
	scripts  = regexp.MustCompile(`(?m)^for |&&$`)
	packages = regexp.MustCompile(` (?:\.|github\.com/pyramidgo/redissessions)(/[^\s@]*)?(?:@latest)?(?: |$)`)
	named    = regexp.MustCompile(` -run '?\^?\(?(Test\w+)`)
)

// clones are the commands that lead to where every other block begins, the checkout.
var clones = []string{"git clone https://github.com/pyramidgo/redissessions", "cd redissessions"}

// asCommands checks that what a line runs exists: a target of the Makefile, a folder, a
// package, a test.
func asCommands(t *testing.T, b block) {
	t.Helper()
	if scripts.MatchString(b.text) {
		asScript(t, b)
		return
	}
	dir := ".."
	for line := range strings.Lines(b.text) {
		line, _, _ = strings.Cut(line, " #")
		for command := range strings.SplitSeq(line, "&&") {
			command = strings.TrimSpace(command)
			var wrong string
			switch {
			case slices.Contains(clones, command):
			case enters.MatchString(command):
				dir = filepath.Join(dir, enters.FindStringSubmatch(command)[1])
				wrong = missing(dir)
			case makes.MatchString(command):
				target := makes.FindStringSubmatch(command)[1]
				if !strings.Contains(read(t, "../Makefile"), "\n"+target+":") {
					wrong = "the Makefile has no such target"
				}
			case goes.MatchString(command):
				wrong = wrongGo(t, dir, command)
			case ours.MatchString(command):
				wrong = wrongFlag(t, command)
			default:
				wrong = "no test knows this command"
			}
			if wrong != "" {
				t.Errorf("%s: %s: %s", b.page, command, wrong)
			}
		}
	}
}

// wrongGo says what a go command in a folder of the checkout names that is not there.
func wrongGo(t *testing.T, dir, command string) string {
	t.Helper()
	name := packages.FindStringSubmatch(command)
	if name == nil && strings.Contains(command, "-help") {
		return ""
	}
	if name == nil {
		return "it names no package"
	}
	folder := filepath.Join(dir, strings.TrimSuffix(name[1], "/..."))
	test := named.FindStringSubmatch(command)
	if why := missing(folder); why != "" || test == nil {
		return why
	}
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.Contains(read(t, file), "\nfunc "+test[1]) {
			return ""
		}
	}
	return "there is no such test"
}

// missing returns why there is no such folder, or "".
func missing(folder string) string {
	if _, err := os.Stat(folder); err != nil {
		return err.Error()
	}
	return ""
}

// wrongFlag says what of a redissessions command line the program does not have.
func wrongFlag(t *testing.T, command string) string {
	t.Helper()
	files, err := filepath.Glob("../cmd/redissessions/internal/cli/*.go")
	if err != nil || files == nil {
		t.Fatalf("the command's code is not there: %v", err)
	}
	var program strings.Builder
	for _, file := range files {
		program.WriteString(read(t, file))
	}
	parts := ours.FindStringSubmatch(command)
	if !regexp.MustCompile(`Use: +"` + parts[1] + `\b`).MatchString(program.String()) {
		return "there is no such subcommand"
	}
	for _, flag := range flags.FindAllStringSubmatch(parts[2], -1) {
		if !strings.Contains(program.String(), `, "`+flag[1]+`",`) {
			return "there is no flag --" + flag[1]
		}
	}
	return ""
}

// asScript lets the shell parse the block, and looks for the servers that it starts.
func asScript(t *testing.T, b block) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-n")
	cmd.Stdin = strings.NewReader(b.text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", b.page, err, out)
	}
	for command := range strings.Lines(b.text) {
		if ours.MatchString(command) {
			if wrong := wrongFlag(t, strings.TrimSpace(command)); wrong != "" {
				t.Errorf("%s: %s%s", b.page, command, wrong)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^ *(redis-\w+) `).FindAllStringSubmatch(b.text, -1) {
		connecttest.Installed(t, m[1])
	}
}

// asPython finds the block in a file, where its page has files of Python, and lets Python
// parse it.
func asPython(t *testing.T, b block) {
	t.Helper()
	if slices.ContainsFunc(code[b.page], func(file string) bool { return strings.HasSuffix(file, ".py") }) {
		inAFile(t, b)
	}
	cmd := exec.CommandContext(t.Context(), connecttest.Installed(t, "python3"), "-c", "import ast, sys; ast.parse(sys.stdin.read())")
	cmd.Stdin = strings.NewReader(b.text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", b.page, err, out)
	}
}

// asNginx lets nginx check the block, in a file that has the rest of what it asks for.
func asNginx(t *testing.T, b block) {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	https := httptest.NewUnstartedServer(nil)
	https.StartTLS()
	defer https.Close()
	server := https.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	put("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate[0]}))
	put("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	put("nginx.conf", []byte("pid nginx.pid; error_log stderr; events {}\nhttp {\naccess_log off;\nssl_certificate cert.pem;\nssl_certificate_key key.pem;\n"+
		strings.Replace(b.text, "listen 443 ssl", "listen 127.0.0.1:8443 ssl", 1)+"}\n"))
	cmd := exec.CommandContext(t.Context(), connecttest.Installed(t, "nginx"), "-t", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", b.page, err, out)
	}
}

// asDiagram checks that GitHub draws the block: a kind of diagram that it knows comes first.
func asDiagram(t *testing.T, b block) {
	t.Helper()
	if !regexp.MustCompile(`^(flowchart TD|sequenceDiagram)\n`).MatchString(b.text) {
		t.Errorf("%s: this is no flowchart and no sequence diagram:\n%s", b.page, b.text)
	}
}

// asDrawing lets two kinds of text be without a language: a drawing, and a Redis user,
// which TestLeastRights and TestLeastACL take from the page.
func asDrawing(t *testing.T, b block) {
	t.Helper()
	if !strings.Contains(b.text, "│") && !strings.HasPrefix(b.text, "user web on ") {
		t.Errorf("%s: no test sees this block, which names no language:\n%s", b.page, b.text)
	}
}
