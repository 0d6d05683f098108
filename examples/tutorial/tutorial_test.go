package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

// reader walks through the tutorial as its reader would, with a browser.
type reader struct {
	t      *testing.T
	client http.Client
	at     string
	token  string
}

func newReader(t *testing.T, at string) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, client: http.Client{Jar: jar}, at: at}
}

var tokenPattern = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

// see returns the page that an answer, or the redirect in it, ends at.
func (r *reader) see(resp *http.Response, err error) (int, string) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if found := tokenPattern.FindSubmatch(text); found != nil {
		r.token = string(found[1])
	}
	return resp.StatusCode, string(text)
}

func (r *reader) open() string {
	r.t.Helper()
	_, text := r.see(r.client.Get(r.at))
	return text
}

func (r *reader) send(path string, fields ...string) (int, string) {
	r.t.Helper()
	form := url.Values{"csrf_token": {r.token}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return r.see(r.client.PostForm(r.at+path, form))
}

func (r *reader) want(page string, texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			r.t.Errorf("%q is not in the page:\n%s", text, page)
		}
	}
}

func serveTutorial(t *testing.T, src settings.Source) string {
	t.Helper()
	sessions, err := factory.FromSettings(src,
		factory.WithErrorHandler(sessionFailed), factory.WithConnector("embedded", embedded.Connect),
		factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(routes(sessions))
	t.Cleanup(func() {
		server.Close()
		_ = sessions.Close()
	})
	return server.URL
}

func TestTutorial(t *testing.T) {
	t.Parallel()
	source, err := settings.Load("development.ini")
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t, serveTutorial(t, source))
	r.want(r.open(), "Nothing yet.")
	_, page := r.send("/add", "title", "Middlemarch", "author", "George Eliot")
	r.want(page, "Added Middlemarch.", "<li><b>Middlemarch</b>, by George Eliot</li>")
	_, page = r.send("/add", "title", "Emma", "author", "Jane Austen")
	r.want(page, "<li><b>Middlemarch</b>, by George Eliot</li><li><b>Emma</b>, by Jane Austen</li>")
	if strings.Contains(page, "Added Middlemarch.") {
		t.Error("a flash message is shown twice")
	}

	_, page = r.send("/login", "user", "ada", "password", "wrong")
	r.want(page, "not the right password", `action="/login"`)
	_, page = r.send("/login", "user", "ada", "password", password, "remember", "on")
	r.want(page, "Welcome, ada.", "You are ada.", "Middlemarch")
	before := r.token
	_, page = r.send("/logout")
	r.want(page, "You are logged out.", "Nothing yet.")

	r.token = before
	if status, _ := r.send("/add", "title", "x", "author", "y"); status != http.StatusForbidden {
		t.Errorf("with the old token: status %d", status)
	}
	if page := r.open(); strings.Contains(page, "x, by y") {
		t.Error("the refused form was taken")
	}
}

func TestOthersAreLoggedOut(t *testing.T) {
	t.Parallel()
	source, err := settings.Load("development.ini")
	if err != nil {
		t.Fatal(err)
	}
	at := serveTutorial(t, source)
	desk, phone := newReader(t, at), newReader(t, at)
	for _, r := range []*reader{desk, phone} {
		r.open()
		r.send("/login", "user", "ada", "password", password)
	}
	_, page := desk.send("/others")
	desk.want(page, "Sessions ended: 1.", "You are ada.")
	phone.want(phone.open(), `action="/login"`)
	_, page = phone.send("/others")
	phone.want(page, "Log in first.")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	source, err := settings.Load("development.ini")
	if err != nil {
		t.Fatal(err)
	}
	at := serveTutorial(t, source)
	status, text := newReader(t, at).see(http.Get(at + "/healthz"))
	if status != http.StatusOK || text != "ok\n" {
		t.Errorf("status %d, %q", status, text)
	}
}

func TestListIsBounded(t *testing.T) {
	t.Parallel()
	source, err := settings.Load("development.ini")
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t, serveTutorial(t, source))
	r.open()
	var page string
	for i := range longestList + 1 {
		_, page = r.send("/add", "title", fmt.Sprintf("Volume %d", i), "author", "A")
	}
	if n := strings.Count(page, "<li>"); n != longestList || strings.Contains(page, "Volume 0<") {
		t.Errorf("%d books, want the last %d", n, longestList)
	}
}

func TestRedisDown(t *testing.T) {
	t.Parallel()
	at := serveTutorial(t, settings.Map{
		"redis.sessions.secret":       "a secret for tests, of more than 32 bytes",
		"redis.sessions.url":          "redis://127.0.0.1:1/0", // nobody listens there
		"redis.sessions.lazy_connect": "true",
	})
	status, text := newReader(t, at).see(http.Get(at))
	if status != http.StatusServiceUnavailable || text != "We will be back in a moment.\n" {
		t.Errorf("status %d, %q", status, text)
	}
	status, _ = newReader(t, at).see(http.Get(at + "/healthz"))
	if status != http.StatusServiceUnavailable {
		t.Errorf("/healthz: status %d", status)
	}
}

// The settings for production are complete but for what the environment says.
func TestProduction(t *testing.T) {
	parse := func() (*settings.Options, error) {
		source, err := settings.Load("production.ini")
		if err != nil {
			t.Fatal(err)
		}
		return settings.Parse(source)
	}
	if _, err := parse(); err == nil || !strings.Contains(err.Error(), "redis.sessions.secret") {
		t.Errorf("without a secret: %v", err)
	}
	t.Setenv("REDIS_SESSIONS_SECRET", "0f5d8f6d0a9b4b7e8d2c1a3f4e5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d7")
	t.Setenv("REDIS_SESSIONS_URL", "rediss://app:pw@redis.example.com:6379/0")
	o, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Warnings) > 0 {
		t.Errorf("warnings: %v", o.Warnings)
	}
	if string(o.URL) != "rediss://app:pw@redis.example.com:6379/0" || o.AbsoluteTimeout != 90*24*time.Hour ||
		o.CookieName != "__Host-reading" || o.CookieSecure != settings.SecureAlways {
		t.Errorf("%+v", o)
	}
}
