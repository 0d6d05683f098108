package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

const (
	firefox   = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	safari    = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	elsewhere = "You were logged out from another device"
)

var devicePattern = regexp.MustCompile(`name="device" value="([^"]+)"`)

// devices returns the handles in a page's forms.
func (p *page) devices() (handles []string) {
	for _, found := range devicePattern.FindAllStringSubmatch(p.body, -1) {
		handles = append(handles, found[1])
	}
	return handles
}

// logsIn opens another browser and logs somebody in there.
func logsIn(t *testing.T, server *httptest.Server, name, agent string) *browser {
	t.Helper()
	b := newBrowser(t, server)
	b.header = http.Header{"User-Agent": {agent}}
	b.get("/")
	b.submit("/login", url.Values{"login_name": {name}}).wantStatus(http.StatusSeeOther)
	b.get("/").want(`<span class="who">` + name + `</span>`)
	return b
}

// One device throws the other out, which is told so on its next page, once.
func TestThrownOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *browser) {
		desk := logsIn(t, b.server, "Ada", firefox)
		desk.get("/devices").want("Firefox on Linux", "this device", "nowhere else").wantNot("everywhere else")
		phone := logsIn(t, b.server, "Ada", safari)
		other := logsIn(t, b.server, "Grace", firefox)

		list := desk.get("/devices").want("Firefox on Linux", "Safari on iPhone", "Log out everywhere else", "just now")
		if n := strings.Count(list.body, "this device"); n != 1 {
			t.Errorf("%d devices are marked as this one", n)
		}
		handles := list.devices()
		if len(handles) != 1 {
			t.Fatalf("%d other devices have a button, want 1", len(handles))
		}
		desk.submit("/devices/end", url.Values{"device": {handles[0]}}).wantStatus(http.StatusSeeOther)
		desk.get("/devices").want("That device is logged out.", "Firefox on Linux").wantNot("Safari")
		desk.submit("/devices/end", url.Values{"device": {handles[0]}}).wantStatus(http.StatusSeeOther)
		desk.get("/devices").want("logged out already")

		phone.get("/devices").wantStatus(http.StatusSeeOther) // there is nothing to show any more
		phone.get("/").want(elsewhere, `id="login"`).wantNot("Ada")
		phone.get("/").wantNot(elsewhere) // told once
		other.get("/").want(`<span class="who">Grace</span>`).wantNot(elsewhere)
	})
}

func TestThrowOutAllOthers(t *testing.T) {
	t.Parallel()
	server := serveGuestbook(t, "development.ini")
	desk := logsIn(t, server, "Ada", firefox)
	phone, tablet := logsIn(t, server, "Ada", safari), logsIn(t, server, "Ada", safari)
	desk.get("/devices")
	desk.submit("/devices/end-others", nil).wantStatus(http.StatusSeeOther)
	desk.get("/devices").want("2 other devices are logged out.", "nowhere else")

	// A form of the page from before changes nothing, and is answered with the truth.
	phone.submit("/sign", url.Values{"message": {"Still me?"}}).wantStatus(http.StatusForbidden).want(elsewhere, "Still me?")
	tablet.get("/").want(elsewhere)
	desk.get("/").want(`<span class="who">Ada</span>`).wantNot("<strong>Ada</strong> <time")
}

// The handle of somebody else's device is worth nothing, and neither is a form
// without a token.
func TestThrowOutStrangers(t *testing.T) {
	t.Parallel()
	server := serveGuestbook(t, "development.ini")
	ada, again := logsIn(t, server, "Ada", firefox), logsIn(t, server, "Ada", safari)
	mallory := logsIn(t, server, "Mallory", firefox)
	for _, handle := range append(ada.get("/devices").devices(), again.get("/devices").devices()...) {
		mallory.submit("/devices/end", url.Values{"device": {handle}}).wantStatus(http.StatusSeeOther)
		mallory.get("/devices").want("logged out already")
		ada.post("/devices/end", url.Values{"device": {handle}}).wantStatus(http.StatusForbidden)
	}
	ada.post("/devices/end-others", url.Values{}).wantStatus(http.StatusForbidden)
	for _, b := range []*browser{ada, again} {
		b.get("/").want(`<span class="who">Ada</span>`)
	}
	stranger := newBrowser(t, server)
	stranger.get("/")
	stranger.get("/devices").wantStatus(http.StatusSeeOther)
	stranger.submit("/devices/end-others", nil).wantStatus(http.StatusSeeOther)
	if cookie := stranger.cookie(); strings.Contains(ada.get("/devices").body, cookie) {
		t.Error("the page shows a cookie")
	}
}

// Settings without user_sessions: one can log in, but there is no list.
func TestDevicesWithoutIndex(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "settings.ini")
	text := "[app:main]\nredis.sessions.secret = a secret for tests, of more than 32 bytes\n" +
		"redis.sessions.url = embedded://\nredis.sessions.cookie_name = guestbook\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b := logsIn(t, serveGuestbook(t, file), "Ada", firefox)
	b.get("/devices").wantStatus(http.StatusNotImplemented).want("user_sessions")
	b.submit("/devices/end-others", nil).wantStatus(http.StatusNotImplemented)
}

// A visitor who logs out, or in as somebody else, is not told of another device.
func TestNotThrownOut(t *testing.T) {
	t.Parallel()
	server := serveGuestbook(t, "development.ini")
	b := logsIn(t, server, "Ada", firefox)
	b.submit("/logout", nil)
	b.get("/").want("You are logged out.").wantNot(elsewhere)

	b = logsIn(t, server, "Ada", firefox)
	b.submit("/login", url.Values{"login_name": {"Grace"}})
	b.get("/").want("Hello, Grace").wantNot(elsewhere)
}

// The note tells a session that was ended from one whose time was over.
func TestWhyLoggedOut(t *testing.T) {
	t.Parallel()
	a := &app{now: time.Now}
	in := func(d time.Duration) string { return strconv.FormatInt(a.now().Add(d).Unix(), 10) }
	for name, tt := range map[string]struct{ note, want string }{
		"ended":   {in(time.Minute), elsewhere},
		"expired": {in(-time.Minute), "away for too long"},
		"forged":  {"x", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: loginNote, Value: tt.note})
		w := httptest.NewRecorder()
		if got := a.whyLoggedOut(w, r); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge != -1 {
			t.Errorf("%s: the cookies are %v, want the note deleted", name, c)
		}
	}
}

// The list says which sessions are bound to their browser, and a request that does not
// prove that it comes from there is told so.
func TestBoundDevices(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	render(w, http.StatusOK, devicesPage, devices{Devices: []session.Info{{Bound: true}, {}}})
	if n := strings.Count(w.Body.String(), "bound to its browser"); w.Code != http.StatusOK || n != 1 {
		t.Errorf("status %d, %d of two devices are bound", w.Code, n)
	}
	w = httptest.NewRecorder()
	sessionFailed(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody), session.ErrUnbound)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "bound to the browser that logged in") {
		t.Errorf("a stranger: status %d, %s", w.Code, w.Body)
	}
}
