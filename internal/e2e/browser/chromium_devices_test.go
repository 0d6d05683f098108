package browser_test

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestThrownOut logs in with two browsers. One logs the other out, which is told so
// on its next page.
func TestThrownOut(t *testing.T) {
	t.Parallel()
	book := buildGuestbook(t, readFile(t, filepath.Join(guestbookDir, "development.ini")))
	book.start()
	desk, phone := tab{t, chromium(t)}, tab{t, chromium(t)}
	for _, b := range []tab{desk, phone} {
		b.do("open", chromedp.Navigate(book.url()))
		b.send("/login", "Hello, Ada", map[string]string{"login_name": "Ada"})
	}
	const another = "You were logged out from another device"

	desk.do("devices", chromedp.Navigate(book.url()+"devices"))
	desk.wants("Where you are logged in", "this device", "Chrome on Linux")
	desk.send("/devices/end", "That device is logged out", nil)
	desk.wants("nowhere else")

	// What is on the screen of the other one looks as if nothing had happened.
	phone.wants("You sign as Ada")
	phone.send("/sign", another, map[string]string{"message": "Still me?"})
	phone.wantsNot("You sign as Ada")
	phone.do("reload", chromedp.Navigate(book.url()))
	phone.wants("Log in")
	phone.wantsNot(another, "Still me?")

	// Everywhere else: the phone is back, and meets it on an ordinary page.
	phone.send("/login", "Hello, Ada", map[string]string{"login_name": "Ada"})
	desk.do("reload", chromedp.Navigate(book.url()+"devices"))
	desk.send("/devices/end-others", "One other device is logged out", nil)
	phone.do("devices", chromedp.Navigate(book.url()+"devices"))
	phone.wants(another, "Log in")
	desk.do("reload", chromedp.Navigate(book.url()))
	desk.wants("You sign as Ada")
}
