package browser_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// TestWalkThrough is a visit with a real browser: signing, logging in, a server
// that restarts meanwhile, a second tab, logging out, and the back button.
func TestWalkThrough(t *testing.T) {
	t.Parallel()
	redis := connecttest.RedisServer(t)
	book := buildGuestbook(t, `[app:main]
redis.sessions.secret = a secret for tests, of more than 32 bytes
redis.sessions.url = `+redis.URL()+`
redis.sessions.cookie_name = __Host-guestbook
redis.sessions.cookie_secure = true
`)
	book.start()
	first := tab{t, chromium(t)}
	home := urlAt("https", "guestbook.test", book.behindTLS()) + "/"

	first.do("open", chromedp.Navigate(home))
	first.send("/sign", "Thank you, Grace", map[string]string{"name": "Grace", "message": "I was here."})
	first.wants("I was here.")
	first.do("reload", chromedp.Reload())
	first.wantsNot("Thank you, Grace") // a flash message is shown once
	first.send("/login", "Hello, Ada", map[string]string{"login_name": "Ada"})
	first.wants("Log out", "You sign as Ada")

	book.stop()
	book.start()
	first.do("reload", chromedp.Reload())
	first.wants("Log out", "You sign as Ada") // the session was in Redis

	second := first.newTab()
	second.do("open", chromedp.Navigate(home))
	second.wants("You sign as Ada")

	private := home + "?a=page+of+its+own+in+the+history"
	first.do("open", chromedp.Navigate(private))
	first.wants("You sign as Ada")
	first.send("/logout", "You are logged out", nil)
	first.wantsNot("Ada")
	first.do("back", chromedp.NavigateBack())
	if at := first.eval(`location.href`); at != private {
		t.Errorf("back leads to %s", at)
	}
	first.wantsNot("Ada") // the page is not kept: it is made again, for nobody

	// The second tab still shows the old page. Its form changes nothing.
	second.send("/sign", "out of date", map[string]string{"message": "As Ada?"})
	second.do("reload", chromedp.Navigate(home))
	second.wants("Log in")
	second.wantsNot("Ada", "As Ada?")
}

// TestWidths looks at the page on a phone and on a desk: it never scrolls
// sideways, and nothing is cut off.
func TestWidths(t *testing.T) {
	t.Parallel()
	b := tab{t, chromium(t)}
	book := buildGuestbook(t, readFile(t, filepath.Join(guestbookDir, "development.ini")))
	book.start()
	other := tab{t, chromium(t)}
	widths := func(pages ...string) {
		for _, width := range []int64{320, 375, 768, 1280, 1920} {
			for _, page := range pages {
				b.do("open", chromedp.EmulateViewport(width, 800), chromedp.Navigate(book.url()+page))
				const tooWide = `[...document.querySelectorAll("body *")]
					.filter(e => !e.closest(".skip") && e.getBoundingClientRect().right > innerWidth + 1)
					.map(e => e.outerHTML.slice(0, 80)).join("\n") +
					[...document.querySelectorAll("button, .button")]
					.filter(e => e.getBoundingClientRect().height > 60).map(e => e.innerText + " is broken into lines").join("\n") +
					(document.documentElement.scrollWidth > innerWidth ? "the page scrolls sideways" : "")`
				if found := b.eval(tooWide); found != "" {
					t.Errorf("/%s, %d pixels wide:\n%s", page, width, found)
				}
			}
		}
	}
	widths("")
	long := strings.Repeat("W", 40)
	for _, visitor := range []tab{other, b} {
		visitor.do("open", chromedp.Navigate(book.url()))
		visitor.send("/login", "Hello", map[string]string{"login_name": long})
	}
	b.send("/sign", "Thank you", map[string]string{"message": strings.Repeat(long, 5)})
	widths("", "devices")
}

// TestPhone signs on a phone: the new entry and the thanks for it are on the screen.
func TestPhone(t *testing.T) {
	t.Parallel()
	b := tab{t, chromium(t)}
	book := buildGuestbook(t, readFile(t, filepath.Join(guestbookDir, "development.ini")))
	book.start()
	b.do("open", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch), chromedp.Navigate(book.url()))
	for _, name := range []string{"Grace", "Ada", "Tove"} {
		b.send("/sign", "Thank you, "+name, map[string]string{"name": name, "message": "I was here, says " + name})
		const seen = `[".book .notice", ".entry"].map(what => {
			const at = document.querySelector(what).getBoundingClientRect();
			return at.top >= 0 && at.bottom <= innerHeight ? "" : what + " is at " + at.top + " to " + at.bottom + " of " + innerHeight;
		}).join("")`
		if found := b.eval(seen); found != "" {
			t.Errorf("%s signs: %s", name, found)
		}
		if entry := b.eval(`document.querySelector(".entry").innerText`); !strings.Contains(entry, "says "+name) {
			t.Errorf("the first entry is %q", entry)
		}
	}
}

// TestOneKindOfControl compares "Log in" with "Log out": one is a link and one a
// button, and they look the same and are at the same place. "Log in" leads into the
// field for the name.
func TestOneKindOfControl(t *testing.T) {
	t.Parallel()
	b := tab{t, chromium(t)}
	book := buildGuestbook(t, readFile(t, filepath.Join(guestbookDir, "development.ini")))
	book.start()
	const looks = `(() => {
		const control = document.querySelector(".visitor .quiet"), style = getComputedStyle(control), at = control.getBoundingClientRect();
		return ["font", "color", "backgroundColor", "border", "borderRadius", "padding", "textDecorationLine", "cursor"]
			.map(name => name + ": " + style[name]).join("\n") + "\nright: " + at.right + "\ntop: " + at.top + "\nheight: " + at.height;
	})()`
	b.do("open", chromedp.EmulateViewport(1280, 800), chromedp.Navigate(book.url()))
	in := b.eval(looks)
	b.do("log in", chromedp.Click(chromedp.CSS(".visitor .quiet")))
	if focused := b.eval(`document.activeElement.name`); focused != "login_name" {
		t.Errorf("the caret is in %q", focused)
	}
	b.send("/login", "Hello, Ada", map[string]string{"login_name": "Ada"})
	if out := b.eval(looks); in != out {
		t.Errorf("Log in has\n%s\nLog out has\n%s", in, out)
	}
}
