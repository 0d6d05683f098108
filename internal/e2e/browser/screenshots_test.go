package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// screenshotsVariable names the folder that TestScreenshots writes to.
const screenshotsVariable = "REDISSESSIONS_SCREENSHOTS"

// screen is what a visitor looks at the guestbook on.
type screen struct {
	name          string
	width, height int64
	mobile        bool
}

var screens = []screen{{"phone", 390, 844, true}, {"desktop", 1280, 800, false}, {"readme", 1180, 892, false}}

// show gives the tab a screen and a colour scheme.
func (b tab) show(s screen, scheme string) {
	b.t.Helper()
	var options []chromedp.EmulateViewportOption
	if s.mobile {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do(s.name, chromedp.EmulateViewport(s.width, s.height, options...))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestScreenshots takes pictures of the guestbook, to be looked at: what is on the
// screen, and in the -whole ones the rest of the page too. The README's picture is
// home-readme-light.png.
//
//	REDISSESSIONS_SCREENSHOTS=/tmp/pictures go test ./browser -run TestScreenshots
func TestScreenshots(t *testing.T) {
	folder := os.Getenv(screenshotsVariable)
	if folder == "" {
		t.Skipf("%s names no folder for the pictures", screenshotsVariable)
	}
	for _, s := range screens {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(s.name+"-"+scheme, func(t *testing.T) {
				redis := connecttest.RedisServer(t)
				settings := readFile(t, filepath.Join(guestbookDir, "redis.ini"))
				book := buildGuestbook(t, strings.Replace(settings, "redis://localhost:6379/0", redis.URL(), 1))
				book.start()
				b := tab{t, chromium(t)}
				b.show(s, scheme)
				take := func(name string) {
					t.Helper()
					path := filepath.Join(folder, fmt.Sprintf("%s-%s-%s", name, s.name, scheme))
					b.picture(path+".png", chromedp.CaptureScreenshot())
					b.picture(path+"-whole.png", chromedp.FullScreenshot(100))
				}
				open := func(path string) { b.do(path, chromedp.Navigate(book.url()+path)) }

				open("")
				take("first")
				for _, e := range [][2]string{
					{"Grace", "Nice place. I was here at noon, and I shall come again."},
					{"Ευκλείδης", "Καλημέρα από την Αλεξάνδρεια!\nThere is no royal road to sessions."},
				} {
					b.send("/sign", "Thank you, "+e[0], map[string]string{"name": e[0], "message": e[1]})
				}
				take("signed")
				b.do("log in", chromedp.Click(chromedp.CSS(`a[href="/#login-name"]`)))
				take("login")
				other := tab{t, chromium(t)}
				for _, visitor := range []tab{other, b} {
					visitor.do("open", chromedp.Navigate(book.url()))
					visitor.send("/login", "Hello, Ada", map[string]string{"login_name": "Ada"})
				}
				take("home")
				open("devices")
				take("devices")
				other.do("devices", chromedp.Navigate(book.url()+"devices"))
				other.send("/devices/end", "logged out", nil)
				open("")
				take("thrown-out")
				redis.Kill()
				open("")
				take("503")
			})
		}
	}
}

// TestTutorialScreenshots takes pictures of the tutorial's page: empty, with a book, and with
// a user logged in whose session ends in less than two minutes. TestScreenshots says how.
func TestTutorialScreenshots(t *testing.T) {
	folder := os.Getenv(screenshotsVariable)
	if folder == "" {
		t.Skipf("%s names no folder for the pictures", screenshotsVariable)
	}
	for _, s := range screens[:2] {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(s.name+"-"+scheme, func(t *testing.T) {
				b := tab{t, chromium(t)}
				b.show(s, scheme)
				take := func(name string) {
					t.Helper()
					path := filepath.Join(folder, fmt.Sprintf("tutorial-%s-%s-%s.png", name, s.name, scheme))
					b.picture(path, chromedp.FullScreenshot(100))
				}
				b.do("open", chromedp.Navigate(startTutorial(t, "20m")))
				take("first")
				b.send("/add", "Added Middlemarch.", map[string]string{"title": "Middlemarch", "author": "George Eliot"})
				take("added")
				b.do("open", chromedp.Navigate(startTutorial(t, "90")))
				b.send("/add", "Added Emma.", map[string]string{"title": "Emma", "author": "Jane Austen"})
				b.send("/login", "Welcome, ada.", map[string]string{"user": "ada", "password": "correct horse"})
				b.do("ends", chromedp.WaitVisible(chromedp.CSS("#ends")))
				take("ends")
			})
		}
	}
}

// picture writes what an action takes a picture of to a file.
func (b tab) picture(path string, of chromedp.Action[[]byte]) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, of)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
