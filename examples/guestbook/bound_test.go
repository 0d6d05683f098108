package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/boundtest"
)

var offerPattern = regexp.MustCompile(`path="([^"]+)";challenge="([^"]+)"`)

// binds logs somebody in and registers a key, as Chrome does by itself.
func (b *browser) binds(name string) {
	b.t.Helper()
	b.get("/")
	offer := offerPattern.FindStringSubmatch(b.submit("/login", url.Values{"login_name": {name}}).header.Get("Secure-Session-Registration"))
	if offer == nil {
		b.t.Fatal("the login does not offer to register")
	}
	b.header.Set("Secure-Session-Response", boundtest.NewKey(b.t).Registration(offer[2]))
	b.post(offer[1], nil).wantStatus(http.StatusOK)
	b.header.Del("Secure-Session-Response")
}

// Of two devices the list marks the one whose browser has registered a key. Its logout deletes
// both cookies, although the page that follows has a message.
func TestBoundInTheList(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "settings.ini")
	text := "[app:main]\nredis.sessions.secret = a secret for tests, of more than 32 bytes\n" +
		"redis.sessions.url = embedded://\nredis.sessions.cookie_name = guestbook\nredis.sessions.user_sessions = true\n" +
		"redis.sessions.user_sessions_about = browser\nredis.sessions.device_bound = on\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := serveGuestbook(t, file)
	phone := logsIn(t, server, "Ada", safari)
	desk := newBrowser(t, server)
	desk.header = http.Header{"User-Agent": {firefox}}
	desk.binds("Ada")
	for _, b := range []*browser{desk, phone} {
		list := b.get("/devices").want("Firefox on Linux", "Safari on iPhone")
		_, bound, _ := strings.Cut(list.body, "Firefox on Linux")
		_, unbound, _ := strings.Cut(list.body, "Safari on iPhone")
		mark := func(after string) bool {
			device, _, _ := strings.Cut(after, "</li>")
			return strings.Contains(device, "bound to its browser")
		}
		if !mark(bound) || mark(unbound) {
			t.Errorf("bound are %v and %v:\n%s", mark(bound), mark(unbound), list.body)
		}
	}
	deleted := false
	for _, line := range desk.submit("/logout", nil).header.Values("Set-Cookie") {
		deleted = deleted || strings.HasPrefix(line, "guestbook_bound=;")
	}
	if !deleted {
		t.Error("a logout leaves the bound cookie")
	}
	desk.get("/").want("You are logged out.")
}
