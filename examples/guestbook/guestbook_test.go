package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// Every test runs on both settings files: they must mean the same.
func onBoth(t *testing.T, test func(t *testing.T, b *browser)) {
	for _, file := range []string{"development.ini", "development.yaml"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			test(t, newBrowser(t, serveGuestbook(t, file)))
		})
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	onBoth(t, func(_ *testing.T, b *browser) {
		b.get("/")
		signed := b.submit("/sign", url.Values{"name": {"Grace"}, "message": {"First line\r\nsecond <b>line</b>"}})
		signed.wantStatus(http.StatusSeeOther)
		page := b.get("/")
		page.want("Thank you, Grace.", "First line\nsecond &lt;b&gt;line&lt;/b&gt;", "<strong>Grace</strong>")
		page.wantNot("<b>line")
		reloaded := b.get("/")
		reloaded.wantNot("Thank you, Grace.") // a flash message is shown once
		reloaded.want("<strong>Grace</strong>")
	})
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *browser) {
		b.get("/")
		before, tokenBefore := b.cookie(), b.token
		answer := b.submit("/login", url.Values{"login_name": {"Ada"}})
		answer.wantStatus(http.StatusSeeOther)
		// Who planted the old ID gains nothing. He comes at once: five seconds
		// later he would get a session of his own.
		old := newBrowser(t, b.server)
		old.setCookie(before)
		old.get("/").wantStatus(http.StatusConflict).want("has ended").wantNot("Ada")
		if c := answer.setCookie(); c == nil || c.MaxAge != 0 || !c.Expires.IsZero() || !c.HttpOnly {
			t.Errorf("the cookie is %v, want one for as long as the browser is open", c)
		}
		if b.cookie() == before {
			t.Error("the cookie is the one from before the login")
		}
		for range 2 {
			b.get("/").want(`<span class="who">Ada</span>`, "Log out", "20 minutes")
		}
		if b.token == tokenBefore {
			t.Error("the CSRF token is the one from before the login")
		}
	})
}

func TestRemember(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *browser) {
		b.get("/")
		answer := b.submit("/login", url.Values{"login_name": {"Ada"}, "remember": {"yes"}})
		const thirtyDays = int(30 * 24 * time.Hour / time.Second)
		if c := answer.setCookie(); c == nil || c.MaxAge != thirtyDays {
			t.Errorf("the cookie is %v, want Max-Age=%d", c, thirtyDays)
		}
		b.get("/").want("30 days")
	})
}

func TestLogOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *browser) {
		b.get("/")
		b.submit("/login", url.Values{"login_name": {"Ada"}, "remember": {"yes"}})
		b.get("/")
		secondTab, stolen := b.token, b.cookie()
		b.submit("/logout", nil).wantStatus(http.StatusSeeOther)
		page := b.get("/")
		page.want("You are logged out.", `id="login"`, "20 minutes")
		page.wantNot(`class="who"`)

		thief := newBrowser(t, b.server)
		thief.setCookie(stolen)
		thief.get("/").wantNot(`class="who"`)

		b.token = secondTab // its form is out of date, and says so
		b.submit("/sign", url.Values{"name": {"Ada"}, "message": {"Still here"}}).
			wantStatus(http.StatusForbidden).want("out of date", "Still here")
	})
}

// Who logs in after somebody else gets nothing that was theirs.
func TestLogInAsAnother(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, serveGuestbook(t, "development.ini"))
	b.get("/")
	b.submit("/login", url.Values{"login_name": {"Ada"}, "remember": {"yes"}})
	b.get("/").want("30 days")
	b.submit("/login", url.Values{"login_name": {"Grace"}})
	b.get("/").want(`<span class="who">Grace</span>`, "20 minutes")
}

func TestForged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *browser) {
		b.get("/")
		form := url.Values{"name": {"Mallory"}, "login_name": {"Mallory"}, "message": {"forged"}}
		for _, path := range []string{"/sign", "/login", "/logout"} {
			for _, token := range []string{"", "guess", b.token[:len(b.token)-1], b.token + "x"} {
				form.Set(session.CSRFFormField, token)
				b.post(path, form).wantStatus(http.StatusForbidden)
			}
		}
		good := b.token
		stranger := newBrowser(t, b.server) // without a session, but with a token that is somebody's
		stranger.token = good
		stranger.submit("/sign", form).wantStatus(http.StatusForbidden)

		b.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
		b.submit("/sign", form).wantStatus(http.StatusForbidden).want("another site")
		b.header = nil
		page := b.get("/")
		page.wantNot("<strong>Mallory", `class="who"`)
		page.want("Be the first")
	})
}

func TestEscaped(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, serveGuestbook(t, "development.ini"))
	const attack = `"><script>alert(1)</script>`
	b.get("/")
	b.submit("/sign", url.Values{"name": {attack}, "message": {attack}})
	b.get("/").wantNot("<script") // as a flash, and in the book
	b.submit("/sign", url.Values{"name": {attack}, "message": {""}}).
		wantStatus(http.StatusUnprocessableEntity).wantNot("<script")
	b.submit("/login", url.Values{"login_name": {attack}})
	b.get("/").want("&lt;script&gt;").wantNot("<script")
}

func TestBounds(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, serveGuestbook(t, "development.ini"))
	b.get("/")
	for name, tt := range map[string]struct {
		path   string
		form   url.Values
		status int
		want   string
	}{
		"no name":        {"/sign", url.Values{"message": {"x"}}, http.StatusUnprocessableEntity, "Please enter your name."},
		"blank message":  {"/sign", url.Values{"name": {"Ada"}, "message": {" \n\x00 "}}, http.StatusUnprocessableEntity, "Please enter a message."},
		"long message":   {"/sign", url.Values{"name": {"Ada"}, "message": {strings.Repeat("é", 501)}}, http.StatusUnprocessableEntity, "at most 500 characters"},
		"long name":      {"/login", url.Values{"login_name": {strings.Repeat("é", 41)}}, http.StatusUnprocessableEntity, "at most 40 characters"},
		"fits":           {"/sign", url.Values{"name": {strings.Repeat("é", 40)}, "message": {strings.Repeat("é", 500)}}, http.StatusSeeOther, ""},
		"a huge request": {"/sign", url.Values{"message": {strings.Repeat("x", maxForm)}}, http.StatusBadRequest, "could not be read"},
	} {
		t.Log(name)
		b.submit(tt.path, tt.form).wantStatus(tt.status).want(tt.want)
	}
	b.get("/nowhere").wantStatus(http.StatusNotFound)
	b.get("/sign").wantStatus(http.StatusNotFound)
}

func TestBookIsBounded(t *testing.T) {
	t.Parallel()
	var b book
	for i := range maxEntries + 5 {
		b.add(entry{Name: fmt.Sprint(i)})
	}
	entries := b.newestFirst()
	if len(entries) != maxEntries || entries[0].Name != "104" || entries[maxEntries-1].Name != "5" {
		t.Errorf("%d entries from %s to %s, want the newest %d", len(entries), entries[0].Name, entries[len(entries)-1].Name, maxEntries)
	}
}

func TestPanel(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, serveGuestbook(t, "development.ini"))
	b.get("/").want("it began with this request", "20 minutes", "<code>visits</code>", "<code>1</code>")
	second := b.get("/")
	second.want("it was here before", "<code>2</code>", "hidden; the forms carry it")
	if strings.Contains(second.body, b.cookie()) {
		t.Error("the page shows the session's cookie")
	}
	if n := strings.Count(second.body, b.token); n != strings.Count(second.body, "<form") {
		t.Errorf("the CSRF token is on the page %d times, want once in every form", n)
	}
}

// What changed since the panel was seen last is marked: by a reload, by a form whose
// redirect led here, and not on the first page.
func TestPanelMarks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(_ *testing.T, b *browser) {
		b.get("/").wantNot(`class="mark"`)
		b.get("/").want(`<code>2</code> <span class="mark">was 1</span>`).wantNot(`class="mark">new`)
		b.submit("/login", url.Values{"login_name": {"Ada"}, "remember": {"yes"}})
		b.get("/").want(`30 days <span class="mark">was 20 minutes</span>`, `<span class="mark">was 2</span>`,
			`<code>&#34;Ada&#34;</code> <span class="mark">new</span>`, `hidden; the forms carry it</em> <span class="mark">new</span>`)
		b.get("/").want("30 days", `<span class="mark">was 3</span>`).wantNot("was 20 minutes", `<span class="mark">new</span>`)
		b.submit("/logout", nil)
		b.get("/").wantNot(`class="mark"`) // of another session
	})
}

// While Redis is down, a link asks for the same page again.
func TestTryAgain(t *testing.T) {
	redis := connecttest.RedisServer(t)
	t.Setenv("REDIS_SESSIONS_URL", redis.URL())
	b := newBrowser(t, serveGuestbook(t, "redis.ini"))
	link := regexp.MustCompile(`href="([^"]+)">Try again<`)
	b.get("/")
	redis.Kill()
	for path, want := range map[string]string{"/": "/", "/?from=a&to=%22": "/?from=a&amp;to=%22", "/devices": "/devices"} {
		page := b.get(path).wantStatus(http.StatusServiceUnavailable)
		if found := link.FindStringSubmatch(page.body); found == nil || found[1] != want || page.header.Get("Retry-After") == "" {
			t.Errorf("%s: the link is %q, want %s", path, found, want)
		}
	}
	signed := b.submit("/sign", url.Values{"name": {"Ada"}, "message": {"Hello"}})
	signed.wantStatus(http.StatusServiceUnavailable).want(`href="/">Try again<`, "may be lost")

	redis.Restart()
	connecttest.Eventually(t, time.Minute, func() error {
		if page := b.get("/"); page.status != http.StatusOK {
			return errors.New(page.body)
		}
		return nil
	})
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, serveGuestbook(t, "development.ini"))
	b.get("/")
	page := b.get("/") // no cookie comes with this one, which would forbid caching by itself
	for name, want := range map[string]string{
		"Cache-Control":          "no-store",
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "DENY",
		"Vary":                   "Cookie",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy is %q", csp)
	}
	css := b.get("/static/style.css")
	css.wantStatus(http.StatusOK)
	if css.setCookie() != nil || !strings.HasPrefix(css.header.Get("Content-Type"), "text/css") {
		t.Errorf("the style sheet came with %v", css.header)
	}
}
