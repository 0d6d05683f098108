package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// patience ends a test whose browser hangs. Nothing is measured with it.
const patience = 2 * time.Minute

// chromium starts a browser of its own for the test, with an empty profile. All
// names that end in .test lead to this machine, and it trusts any certificate.
func chromium(t *testing.T) context.Context {
	t.Helper()
	program := connecttest.Installed(t, "chromium", "chromium-browser", "google-chrome")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(t.TempDir()),
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
		chromedp.Click(chromedp.CSS(`form[action="`+form+`"] button[type="submit"]`)),
		chromedp.WaitVisible(chromedp.Search(`//*[@role="status"]//p[contains(., "`+see+`")]`)))...)
}

// site is a server that can be stopped and started again at the same address.
type site struct {
	t        *testing.T
	settings settings.Map
	addr     string
	handler  func(*session.Factory) http.Handler

	server   *httptest.Server
	sessions *session.Factory
}

func (s *site) start(tls bool) {
	s.t.Helper()
	sessions, err := factory.FromSettings(s.settings,
		factory.WithErrorHandler(sessionFailed), factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.addr == "" {
		s.addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr, s.sessions = l.Addr().String(), sessions
	s.server = httptest.NewUnstartedServer(sessions.Handler(s.handler(sessions)))
	_ = s.server.Listener.Close()
	s.server.Listener, s.server.EnableHTTP2 = l, true
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0) // a browser's handshakes
	if tls {
		s.server.StartTLS()
	} else {
		s.server.Start()
	}
	s.t.Cleanup(s.stop)
}

func (s *site) stop() {
	if s.server == nil {
		return
	}
	s.server.Close()
	s.server = nil
	if err := s.sessions.Close(); err != nil {
		s.t.Error(err)
	}
}

// at returns the site's URL under a name that ends in .test.
func (s *site) at(scheme, host string) string {
	_, port, _ := net.SplitHostPort(s.addr)
	return scheme + "://" + host + ":" + port
}
