package newuser_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// TestTutorial performs docs/tutorial.md as printed, step by step, from an empty folder.
// It looks at the running program as the page says after each step. At the end the folder
// holds what examples/tutorial does.
func TestTutorial(t *testing.T) {
	connecttest.Installed(t, "curl")
	f := newFolder(t)
	walked := 0
	steps := map[string]func(*reader){
		"1. A folder":                           func(*reader) {},
		"2. A page that uses its session":       (*reader).seesAnEmptyList,
		"3. Changing the session":               (*reader).addsABook,
		"4. Forms that other sites cannot send": (*reader).needsTheToken,
		"5. Log in, stay logged in, log out":    (*reader).logsInAndOut,
		"6. Log out everywhere else":            (*reader).endsTheOthers,
		"7. Your session ends in two minutes":   (*reader).asksWhenItEnds,
		"8. When Redis is down":                 (*reader).seesItIsDown,
		"9. Ready to deploy":                    (*reader).endsGracefully,
	}
	all := snippets(t, "docs/tutorial.md")
	for i, s := range all {
		switch {
		case strings.HasPrefix(s.text, "export "):
			f.deploy(s)
		case strings.HasPrefix(s.text, "settings: "):
			f.makesMistakes(s)
		default:
			f.do(s)
		}
		if i+1 < len(all) && all[i+1].heading == s.heading {
			continue
		}
		walk, ok := steps[s.heading]
		if !ok {
			t.Fatalf("the step %q has no walk", s.heading)
		}
		walk(newReader(f))
		walked++
	}
	if walked != len(steps) {
		t.Errorf("%d steps were walked, of %d", walked, len(steps))
	}
	f.holdsTheExample()
}

// reader is a visitor of the tutorial's program.
type reader struct {
	*folder
	client *http.Client
	token  string
}

func newReader(f *folder) *reader {
	f.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return &reader{folder: f, client: &http.Client{Jar: jar}}
}

var tokenField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

func (r *reader) open(wanted ...string) string {
	r.t.Helper()
	_, page := r.get(r.client, "/")
	r.wants(page, wanted...)
	return page
}

// wants remembers the page's token and reports what is not in the page.
func (r *reader) wants(page string, wanted ...string) {
	r.t.Helper()
	if found := tokenField.FindStringSubmatch(page); found != nil {
		r.token = found[1]
	}
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			r.t.Errorf("%q is not in the page:\n%s", want, page)
		}
	}
}

// send posts a form and looks at the page that follows.
func (r *reader) send(path string, fields []string, wanted ...string) {
	r.t.Helper()
	form := url.Values{}
	if r.token != "" {
		form.Set("csrf_token", r.token)
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	resp, err := r.client.PostForm("http://"+r.addr+path, form)
	if err != nil {
		r.t.Fatal(err)
	}
	_, page := r.answer(resp)
	r.wants(page, wanted...)
}

var middlemarch = []string{"title", "Middlemarch", "author", "George Eliot"}

const inTheList = "<li><b>Middlemarch</b>, by George Eliot</li>"

func (r *reader) seesAnEmptyList() {
	r.open("<h1>Reading list</h1>", "<li>Nothing yet.</li>")
	if status, style := r.get(r.client, "/static/style.css"); status != http.StatusOK || !strings.Contains(style, "color-scheme") {
		r.t.Errorf("the style: status %d, %q", status, style)
	}
	if r.client.Jar.Cookies(&url.URL{Scheme: "http", Host: r.addr}) != nil {
		r.t.Error("an empty session has a cookie")
	}
}

func (r *reader) addsABook() {
	r.open(`action="/add"`)
	r.send("/add", middlemarch, "Added Middlemarch.", inTheList)
	if page := r.open(inTheList); strings.Contains(page, "Added Middlemarch.") {
		r.t.Error("the message is shown twice")
	}
	newReader(r.folder).open("<li>Nothing yet.</li>")
}

func (r *reader) needsTheToken() {
	r.open()
	r.send("/add", middlemarch, "Added Middlemarch.", inTheList)
	r.token = ""
	r.send("/add", []string{"title", "Emma", "author", "Jane Austen"}, "the form was not sent from this site")
}

func (r *reader) logIn(wanted ...string) {
	r.open()
	r.send("/login", []string{"user", "ada", "password", "correct horse"}, append(wanted, "Welcome, ada.", "You are ada.")...)
}

func (r *reader) logsInAndOut() {
	r.open(`action="/login"`)
	r.send("/add", middlemarch)
	r.send("/login", []string{"user", "ada", "password", "wrong"}, "That is not the right password.", `action="/login"`)
	r.send("/login", []string{"user", "", "password", "correct horse"}, "Who are you?")
	r.logIn(inTheList)
	r.send("/logout", nil, "You are logged out.", "<li>Nothing yet.</li>")
}

func (r *reader) endsTheOthers() {
	other := newReader(r.folder)
	other.logIn()
	r.logIn()
	r.send("/others", nil, "Sessions ended: 1.", "You are ada.")
	other.open(`action="/login"`)
}

func (r *reader) asksWhenItEnds() {
	r.open(`id="ends"`)
	if _, status := r.get(r.client, "/session"); !regexp.MustCompile(`"active":true,"expires_in":(90|8\d)\D`).MatchString(status) {
		r.t.Errorf("GET /session: %s", status)
	}
	r.open("/static/ends.js")
	if status, _ := r.get(r.client, "/static/ends.js"); status != http.StatusOK {
		r.t.Errorf("the script: status %d", status)
	}
}

func (r *reader) seesItIsDown() {
	status, page := r.get(r.client, "/")
	if status != http.StatusServiceUnavailable || page != "We will be back in a moment.\n" {
		r.t.Errorf("status %d, %q", status, page)
	}
	if !strings.Contains(r.printed(), "127.0.0.1:1") {
		r.t.Errorf("the log does not say where Redis is: %s", r.printed())
	}
}

func (r *reader) endsGracefully() {
	if status, text := r.get(r.client, "/healthz"); status != http.StatusOK || text != "ok\n" {
		r.t.Errorf("GET /healthz: status %d, %q", status, text)
	}
	r.interruptWell()
}

// interruptWell presses Ctrl-C, which the finished program takes for a wish to end.
func (f *folder) interruptWell() {
	f.t.Helper()
	if err := f.interrupt(); err != nil {
		f.t.Errorf("after Ctrl-C the program ends with %v\n%s", err, f.printed())
	}
}

// deploy does what the page says of production, with a redis-server of the test's.
func (f *folder) deploy(s snippet) {
	f.t.Helper()
	server := connecttest.RedisServer(f.t)
	const printed = "rediss://user:password@redis.example.com:6379/0"
	if !strings.Contains(s.text, printed) {
		f.t.Fatalf("%s:%d names no %s", s.page, s.line, printed)
	}
	s.text = strings.ReplaceAll(s.text, printed, server.URL())
	f.do(s)
}

// makesMistakes puts the two mistakes into the settings, and finds the page's lines in what
// the program says before it ends. Then it takes them back and starts the program again.
func (f *folder) makesMistakes(s snippet) {
	f.t.Helper()
	_ = f.interrupt()
	right := f.read("development.ini")
	wrong := strings.Replace(right, "timeout = 20m", "timeout = 12x\nredis.sessions.cokie_name = reading", 1)
	put := func(text string) {
		if err := os.WriteFile(filepath.Join(f.dir, "development.ini"), []byte(text), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	put(wrong)
	f.shell(s, "go run . 2>&1 || true")
	said := f.said
	put(right)
	f.start("go run .")
	for line := range strings.Lines(s.text) {
		if !strings.Contains(said, line) {
			f.t.Errorf("%s:%d: the program says\n%s", s.page, s.line, said)
		}
	}
}

// holdsTheExample compares the folder with examples/tutorial.
func (f *folder) holdsTheExample() {
	f.t.Helper()
	example := filepath.Join(checkout(f.t), "examples", "tutorial")
	want, got := filesOf(f.t, example), filesOf(f.t, f.dir)
	for name, text := range want {
		if strings.ReplaceAll(got[name], f.addr, printedAddr) != text {
			f.t.Errorf("after the last step %s is not that of examples/tutorial:\n%s", name, got[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			f.t.Errorf("examples/tutorial has no %s", name)
		}
	}
}

// filesOf returns the text files of a folder, without those that only tests and go make.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		switch filepath.Ext(name) {
		case ".go", ".html", ".css", ".js", ".ini":
		default:
			return err
		}
		if strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
