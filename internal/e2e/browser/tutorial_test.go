package browser_test

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

const tutorialDir = "../../../examples/tutorial"

// startTutorial builds and starts the tutorial's program with a timeout, and returns its
// address.
func startTutorial(t *testing.T, timeout string) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "reading")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = tutorialDir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	l := connecttest.Reserve(t)
	addr := l.Addr().String()
	_ = l.Close()
	settings, err := filepath.Abs(filepath.Join(tutorialDir, "development.ini"))
	if err != nil {
		t.Fatal(err)
	}
	connecttest.Start(t, dir, func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}, "env", "REDIS_SESSIONS_TIMEOUT="+timeout, program, "-addr", addr, "-settings", settings)
	return "http://" + addr + "/"
}

// lookAt makes the tab's window so wide, and its scheme light or dark.
func (b tab) lookAt(width int64, scheme string) {
	b.t.Helper()
	b.do("emulate", chromedp.EmulateViewport(width, 800),
		func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			return chromedp.Void{}, err
		})
}

// TestTutorialPages opens the tutorial's page as a visitor whose session ends in less than
// two minutes: the script says so, and its button asks for more time, with the token. On a
// phone and a desktop nothing is wider than the window, and both schemes are there.
func TestTutorialPages(t *testing.T) {
	t.Parallel()
	b := tab{t, chromium(t)}
	b.do("open", chromedp.Navigate(startTutorial(t, "90")), chromedp.WaitVisible(chromedp.CSS("#ends")))
	b.do("add", chromedp.SetValue(chromedp.CSS(`[name=title]`), "Middlemarch"),
		chromedp.SetValue(chromedp.CSS(`[name=author]`), "George Eliot"),
		chromedp.Click(chromedp.CSS(`[action="/add"] button`)),
		chromedp.WaitVisible(chromedp.Search(`//li[contains(., "George Eliot")]`)),
		chromedp.WaitVisible(chromedp.CSS("#ends")))
	b.wants("Added Middlemarch.", "Your session ends in less than two minutes.")
	b.eval(`const real = fetch;
		fetch = async (url, how) => {
			const answer = await real(url, how);
			document.title = how.method + " " + answer.status;
			return answer;
		};
		""`)
	b.do("stay", chromedp.Click(chromedp.CSS("#stay")),
		chromedp.WaitReady(chromedp.Search(`//title[. = "POST 200"]`)))

	background := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 1280} {
			b.lookAt(width, scheme)
			if b.eval(`String(document.documentElement.scrollWidth <= innerWidth)`) != "true" {
				t.Errorf("at %d pixels the page is wider than its window", width)
			}
		}
		background[scheme] = b.eval(`getComputedStyle(document.body).backgroundColor`)
	}
	if background["light"] == background["dark"] {
		t.Errorf("both schemes have the background %s", background["dark"])
	}
}
