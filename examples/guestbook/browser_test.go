package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// serveGuestbook starts the guestbook as a settings file describes it.
func serveGuestbook(t *testing.T, file string) *httptest.Server {
	t.Helper()
	source, err := settings.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := factory.FromSettings(source,
		factory.WithErrorHandler(sessionFailed), factory.WithConnector("embedded", embedded.Connect),
		factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(withHeaders(sessions.Handler(newApp(sessions).routes())))
	t.Cleanup(func() {
		server.Close()
		if err := sessions.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// browser keeps cookies, and the CSRF token of the page it saw last.
type browser struct {
	t      *testing.T
	server *httptest.Server
	client *http.Client
	header http.Header
	token  string
}

func newBrowser(t *testing.T, server *httptest.Server) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: t, server: server, client: &http.Client{Jar: jar, CheckRedirect: stay}}
}

type page struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   string
}

func (b *browser) get(path string) *page { return b.do(http.MethodGet, path, nil) }

// submit posts a form with the token of the page that was seen last.
func (b *browser) submit(path string, form url.Values) *page {
	if form == nil {
		form = url.Values{}
	}
	form.Set(session.CSRFFormField, b.token)
	return b.post(path, form)
}

func (b *browser) post(path string, form url.Values) *page {
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()))
}

var tokenPattern = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

func (b *browser) do(method, path string, body io.Reader) *page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header = b.header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if found := tokenPattern.FindSubmatch(text); found != nil && resp.StatusCode == http.StatusOK {
		b.token = string(found[1])
	}
	return &page{b.t, method + " " + path, resp.StatusCode, resp.Header, string(text)}
}

func (b *browser) cookie() string {
	b.t.Helper()
	at, err := url.Parse(b.server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		if c.Name == "guestbook" {
			return c.Value
		}
	}
	b.t.Fatal("the browser has no cookie named guestbook")
	return ""
}

func (b *browser) setCookie(value string) {
	b.header = http.Header{"Cookie": {"guestbook=" + value}}
	b.client.Jar = nil
}

// setCookie returns the session's cookie as the answer sets it.
func (p *page) setCookie() *http.Cookie {
	for _, line := range p.header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == "guestbook" {
			return c
		}
	}
	return nil
}

func (p *page) wantStatus(status int) *page {
	p.t.Helper()
	if p.status != status {
		p.t.Errorf("%s: status %d, want %d", p.what, p.status, status)
	}
	return p
}

func (p *page) want(texts ...string) *page {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			p.t.Errorf("%s: %q is not in the page:\n%s", p.what, text, p.body)
		}
	}
	return p
}

func (p *page) wantNot(texts ...string) *page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("%s: %q is in the page:\n%s", p.what, text, p.body)
		}
	}
	return p
}
