package browser_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

const guestbookDir = "../../../examples/guestbook"

// guestbook is the example program, built and started as a reader of the README
// does it.
type guestbook struct {
	t        *testing.T
	program  string
	settings string // a file
	address  atomic.Pointer[url.URL]
	stop     func()
}

// buildGuestbook builds the program, and writes the settings that start gives it.
func buildGuestbook(t *testing.T, settings string) *guestbook {
	t.Helper()
	dir := t.TempDir()
	g := &guestbook{t: t, program: filepath.Join(dir, "guestbook"), settings: filepath.Join(dir, "settings.ini")}
	if err := os.WriteFile(g.settings, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", g.program, ".")
	build.Dir = guestbookDir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return g
}

var printedURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

// start starts the program on a free port, which it prints. stop kills it.
func (g *guestbook) start() {
	g.t.Helper()
	dir := g.t.TempDir()
	printed := func(context.Context) error {
		output, err := os.ReadFile(filepath.Join(dir, connecttest.OutputFile))
		if err != nil {
			return err
		}
		found := printedURL.Find(output)
		if found == nil {
			return errors.New("it has not printed its address")
		}
		address, err := url.Parse(string(found))
		g.address.Store(address)
		return err
	}
	g.stop = connecttest.Start(g.t, dir, printed, g.program, "-addr", "127.0.0.1:0", "-settings", g.settings)
}

func (g *guestbook) url() string { return g.address.Load().String() }

// behindTLS starts a proxy that speaks TLS, as a site has it in production, and
// returns its address. It stays when the program is started again.
func (g *guestbook) behindTLS() string {
	quiet := log.New(io.Discard, "", 0)
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(g.address.Load())
			r.Out.Host = r.In.Host
		},
		ErrorLog: quiet,
	})
	front.EnableHTTP2 = true
	front.Config.ErrorLog = quiet // a browser's handshakes
	front.StartTLS()
	g.t.Cleanup(front.Close)
	return front.Listener.Addr().String()
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
