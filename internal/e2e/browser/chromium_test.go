package browser_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// patience ends a test whose browser hangs or does not start. Nothing is measured with it.
const patience = 5 * time.Minute

// profile returns a folder for a browser's profile. It is no t.TempDir, which fails the test when
// a process of the browser's, which ends after it, writes there once more.
func profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "profile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// chromium starts a browser of its own for the test, with an empty profile. All
// names that end in .test lead to this machine, and it trusts any certificate.
func chromium(t *testing.T) context.Context {
	t.Helper()
	program := connecttest.Installed(t, "chromium", "chromium-browser", "google-chrome")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(profile(t)),
		chromedp.WSURLReadTimeout(patience),
		chromedp.NoSandbox, // it does not start as root otherwise
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"),
	)
	// t.Context ends before the cleanup does, which is to close the browser.
	limited, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	allocator, end := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits, so that its files can go
			t.Log(err)
		}
	})
	return ctx
}

// tab is one tab of a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab opens another tab of the same browser, with the same cookies.
func (b tab) newTab() tab {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	b.t.Cleanup(end)
	return tab{b.t, ctx}
}

func (b tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// eval returns the text that a piece of JavaScript comes to.
func (b tab) eval(js string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](js))
	if err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return text
}

// text is what can be read on the page.
func (b tab) text() string { return b.eval(`document.body.innerText`) }

func (b tab) wants(texts ...string) {
	b.t.Helper()
	page := b.text()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.t.Errorf("%q is not on the page:\n%s", text, page)
		}
	}
}

func (b tab) wantsNot(texts ...string) {
	b.t.Helper()
	page := b.text() + b.eval(`document.documentElement.outerHTML`)
	for _, text := range texts {
		if strings.Contains(page, text) {
			b.t.Errorf("%q is on the page:\n%s", text, page)
		}
	}
}

// send fills in a form and waits for what the answer shows.
func (b tab) send(form, see string, fields map[string]string) {
	b.t.Helper()
	var steps []chromedp.Action[chromedp.Void]
	for field, value := range fields {
		steps = append(steps, chromedp.SetValue(chromedp.CSS(`form[action="`+form+`"] [name="`+field+`"]`), value))
	}
	b.do(form, append(steps,
		chromedp.Click(chromedp.CSS(`form[action="`+form+`"] button`)),
		chromedp.WaitVisible(chromedp.Search(`//*[@role="status" and contains(., "`+see+`")]`)))...)
}
