package browser_test

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// pale lists the texts on a page whose contrast with what is behind them is less than
// 4.5 to 1 (WCAG 2.2, 1.4.3). Colours are painted on a canvas, over each other, because
// a style may name them in any notation.
const pale = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const paint = colors => {
		canvas.clearRect(0, 0, 1, 1);
		for (const color of colors) {
			canvas.fillStyle = color;
			canvas.fillRect(0, 0, 1, 1);
		}
		return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
	};
	const luminance = rgb => rgb.map(c => c / 255)
		.map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
		.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const found = [];
	let texts = 0;
	for (const e of document.querySelectorAll("body *")) {
		const text = [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(n => n.data.trim()).join("");
		if (text === "" || !e.checkVisibility()) continue;
		texts++;
		const behind = [];
		for (let up = e; up; up = up.parentElement) behind.unshift(getComputedStyle(up).backgroundColor);
		behind.unshift("white");
		const [dark, light] = [paint(behind), paint([...behind, getComputedStyle(e).color])].map(luminance).sort((a, b) => a - b);
		const ratio = (light + 0.05) / (dark + 0.05);
		if (ratio < 4.5) found.push(text.slice(0, 40) + ": " + ratio.toFixed(2));
	}
	return texts < 5 ? "only " + texts + " texts were found" : found.join("\n");
})()`

// TestContrast reads every page in light and dark colours, with notices and marks.
func TestContrast(t *testing.T) {
	t.Parallel()
	book := buildGuestbook(t, readFile(t, filepath.Join(guestbookDir, "development.ini")))
	book.start()
	b, other := tab{t, chromium(t)}, tab{t, chromium(t)}
	for _, scheme := range []string{"light", "dark"} {
		read := func(page string) {
			t.Helper()
			if found := b.eval(pale); found != "" {
				t.Errorf("%s, %s:\n%s", scheme, page, found)
			}
		}
		b.show(screen{"desktop", 1280, 800, false}, scheme)
		b.do("nowhere", chromedp.Navigate(book.url()+"nowhere"))
		read("a problem")
		b.do("open", chromedp.Navigate(book.url()))
		read("a first visit")
		b.send("/sign", "out of date", map[string]string{"name": "Ada", "message": "Hello", "csrf_token": "another"})
		read("a form that is out of date")
		b.send("/sign", "Thank you, Ada", map[string]string{"name": "Ada", "message": "Hello"})
		read("signed")
		for _, visitor := range []tab{other, b} {
			visitor.do("open", chromedp.Navigate(book.url()))
			visitor.send("/login", "Hello, Ada", map[string]string{"login_name": "Ada"})
		}
		read("logged in")
		b.do("devices", chromedp.Navigate(book.url()+"devices"))
		read("devices")
		other.do("devices", chromedp.Navigate(book.url()+"devices"))
		other.send("/devices/end-others", "logged out", nil)
		b.do("open", chromedp.Navigate(book.url()))
		read("thrown out")
		other.send("/logout", "You are logged out", nil)
	}
}
