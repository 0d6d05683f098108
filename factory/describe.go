package factory

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/pyramidgo/redissessions/settings"
)

// descriptions are what user_sessions_about keeps of the device of a login.
var descriptions = map[settings.About]func(*http.Request) string{
	settings.AboutBrowser:           browser,
	settings.AboutBrowserAndAddress: browserAndAddress,
}

// word is a name, and the text in a User-Agent header that tells it. The first that is
// there counts: browsers also name those that they are like.
type word struct{ text, name string }

var (
	browsers = []word{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"}, {"Chromium/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = []word{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
		{"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// browser names a request's browser and its system, "Firefox on Linux". The header is the
// client's: any text may stand there, and only words of ours are kept of it.
func browser(r *http.Request) string {
	agent := r.UserAgent()
	name := cutWord(agent, browsers, "a browser")
	if system := cutWord(agent, systems, ""); system != "" {
		return name + " on " + system
	}
	return name
}

func cutWord(agent string, words []word, otherwise string) string {
	for _, w := range words {
		if strings.Contains(agent, w.text) {
			return w.name
		}
	}
	return otherwise
}

// browserAndAddress adds the address of the connection. Behind a proxy that is the
// proxy's, unless the application has put the client's into RemoteAddr.
func browserAndAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return browser(r)
	}
	return browser(r) + ", " + host
}
