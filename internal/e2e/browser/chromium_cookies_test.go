package browser_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// counting is a page that counts its visits in the session.
func counting(sessions *session.Factory) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" { // the icon, which browsers ask for by themselves
			http.NotFound(w, r)
			return
		}
		s, err := sessions.Get(r)
		if err != nil {
			return // the Handler answers
		}
		s.Modify("visits", func(old any) any {
			n, _ := old.(int)
			return n + 1
		})
		n, _ := session.Value[int](s, "visits")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>visits</title>visit %d", n)
	})
}

// inMemory are settings that need nothing else, with some more.
func inMemory(more settings.Map) settings.Map {
	m := settings.Map{
		"redis.sessions.secret": "a secret for tests, of more than 32 bytes",
		"redis.sessions.url":    "embedded://",
	}
	for key, value := range more {
		m["redis.sessions."+key] = value
	}
	return m
}

func (b tab) cookies(url string) []*network.Cookie {
	b.t.Helper()
	found, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{url}})
	if err != nil {
		b.t.Fatal(err)
	}
	return found.Cookies
}

// TestCookiesThatABrowserKeeps: what the settings allow, a browser keeps.
func TestCookiesThatABrowserKeeps(t *testing.T) {
	t.Parallel()
	b := tab{t, chromium(t)}
	for i, test := range []struct {
		settings settings.Map
		plain    bool // without TLS
		kept     bool
		sameSite network.CookieSameSite
		secure   bool
	}{
		{nil, false, true, "Lax", true},
		{nil, true, true, "Lax", false},
		{settings.Map{"cookie_name": "__Host-s"}, false, true, "Lax", true},
		{settings.Map{"cookie_name": "__host-s"}, false, true, "Lax", true},
		{settings.Map{"cookie_name": "__Secure-s", "cookie_domain": "kept.test"}, false, true, "Lax", true},
		{settings.Map{"cookie_samesite": "strict"}, false, true, "Strict", true},
		{settings.Map{"cookie_samesite": "none"}, false, true, "None", true},
		{settings.Map{"cookie_samesite": "off"}, false, true, "", true},
		{settings.Map{"cookie_samesite": "none", "cookie_partitioned": true}, false, true, "None", true},
		{settings.Map{"cookie_max_age": "1000h"}, false, true, "Lax", true},
		// Secure means that a page without TLS gets no cookie to keep.
		{settings.Map{"cookie_secure": true}, true, false, "", false},
		{settings.Map{"cookie_name": "__Host-s"}, true, false, "", false},
	} {
		s := &site{t: t, settings: inMemory(test.settings), handler: counting}
		s.start(!test.plain)
		scheme := "https"
		if test.plain {
			scheme = "http"
		}
		home := s.at(scheme, fmt.Sprintf("n%d.kept.test", i)) + "/" // a jar of its own
		b.do(fmt.Sprint(test.settings), chromedp.Navigate(home), chromedp.Reload())
		want := "visit 1"
		if test.kept {
			want = "visit 2"
		}
		if got := b.text(); got != want {
			t.Errorf("%v, without TLS %v: %s, want %s", test.settings, test.plain, got, want)
		}
		name := s.settings["redis.sessions.cookie_name"]
		if name == nil {
			name = "session"
		}
		all := b.cookies(home)
		i := slices.IndexFunc(all, func(c *network.Cookie) bool { return c.Name == name })
		switch {
		case (i >= 0) != test.kept:
			t.Errorf("%v: the browser has %d cookies", test.settings, len(all))
		case i >= 0 && (all[i].SameSite != test.sameSite || all[i].Secure != test.secure || !all[i].HTTPOnly):
			t.Errorf("%v: SameSite=%s, Secure %v, HttpOnly %v", test.settings, all[i].SameSite, all[i].Secure, all[i].HTTPOnly)
		}
		if cookie := b.eval(`document.cookie`); cookie != "" {
			t.Errorf("%v: a script reads %q", test.settings, cookie)
		}
		s.stop()
	}
}

// TestCookiesThatABrowserDrops sends what the settings refuse at start-up. That
// a browser drops it without a word is why they do.
func TestCookiesThatABrowserDrops(t *testing.T) {
	t.Parallel()
	lines := []struct {
		line string
		kept bool
	}{
		{"good=1; Path=/; Secure; HttpOnly; SameSite=Lax", true},
		{"__Host-good=1; Path=/; Secure", true},
		{"__Host-path=1; Path=/app; Secure", false},
		{"__hOST-case=1; Path=/app; Secure", false},
		{"__Host-domain=1; Path=/; Domain=site.test; Secure", false},
		{"__Host-secure=1; Path=/", false},
		{"__Secure-secure=1; Path=/", false},
		{"__SECURE-case=1; Path=/", false},
		{"none=1; Path=/; SameSite=None", false},
		{"partitioned=1; Path=/; Partitioned", false},
		{"large=" + strings.Repeat("x", 4096-5), true},
		{"larger=" + strings.Repeat("x", 4096-5), false},
	}
	s := &site{t: t, settings: inMemory(nil), handler: func(*session.Factory) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, l := range lines {
				w.Header().Add("Set-Cookie", l.line)
			}
		})
	}}
	s.start(true)
	b := tab{t, chromium(t)}
	home := s.at("https", "site.test") + "/app/"
	b.do("open", chromedp.Navigate(home))
	has := map[string]bool{}
	for _, c := range b.cookies(home) {
		has[c.Name] = true
	}
	for _, l := range lines {
		if name, _, _ := strings.Cut(l.line, "="); has[name] != l.kept {
			t.Errorf("%.60s: kept %v, want %v", l.line, has[name], l.kept)
		}
	}
}

// TestSameSite opens the site from another one: by a link, by a form, and in a
// frame.
func TestSameSite(t *testing.T) {
	t.Parallel()
	b := tab{t, chromium(t)}
	for _, test := range []struct {
		sameSite   string
		link, post bool // whether the session is there
	}{
		{"lax", true, false},
		{"strict", false, false},
		{"none", true, true},
	} {
		s := &site{t: t, settings: inMemory(settings.Map{"cookie_samesite": test.sameSite}), handler: counting}
		s.start(true)
		home := s.at("https", test.sameSite+".test") + "/"
		evil := &site{t: t, settings: inMemory(nil), handler: func(*session.Factory) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, `<!doctype html><title>evil</title><a href="%[1]s">link</a>
					<form method="post" action="%[1]s"><button type="submit">post</button></form>`, home)
			})
		}}
		evil.start(true)
		from := evil.at("https", "evil.test") + "/"

		for _, way := range []struct {
			click string
			there bool
		}{{"a", test.link}, {"button", test.post}} {
			if _, err := chromedp.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
				t.Fatal(err)
			}
			b.do("begin", chromedp.Navigate(home))
			b.do("from elsewhere", chromedp.Navigate(from))
			if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(way.click))); err != nil {
				t.Fatal(err)
			}
			want := "visit 1"
			if way.there {
				want = "visit 2"
			}
			if got := b.text(); got != want {
				t.Errorf("SameSite=%s, by %s: %s, want %s", test.sameSite, way.click, got, want)
			}
		}
		s.stop()
		evil.stop()
	}
}
