package session

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// candidates goes through the IDs in a request's cookies, in the order in which
// they are to be tried, each once. A forged cookie is reported and passed over.
type candidates struct {
	f       *Factory
	r       *http.Request
	sole    string // the value of the only cookie of the name, or ""
	cookies []*http.Cookie
	tried   []string
}

func (f *Factory) candidates(r *http.Request) candidates {
	c := candidates{f: f, r: r}
	if c.sole = soleCookie(r.Header["Cookie"], f.opts.Cookie.Name); c.sole != "" {
		return c
	}
	c.cookies = r.CookiesNamed(f.opts.Cookie.Name)
	if f.customs.lastCookie {
		slices.Reverse(c.cookies)
	}
	c.cookies = c.cookies[:min(len(c.cookies), maxCookies)]
	return c
}

func (c *candidates) next() (v verified, ok bool) {
	for {
		value := c.sole
		switch {
		case value != "":
			c.sole = ""
		case len(c.cookies) > 0:
			value, c.cookies = c.cookies[0].Value, c.cookies[1:]
		default:
			return verified{}, false
		}
		v, err := c.f.verify(value)
		if err != nil {
			c.f.invalid(c.r, err)
			continue
		}
		if slices.Contains(c.tried, v.id) {
			continue
		}
		if len(c.cookies) > 0 {
			c.tried = append(c.tried, v.id)
		}
		return v, true
	}
}

// usualCookies is how many cookies a site's visitors may have for the short way.
const usualCookies = 100

// soleCookie returns the value of a cookie in the usual Cookie header: one line,
// in which the name stands once and the value is of plain characters. It returns
// "" for every other header, and leaves that to net/http, which allocates
// something for each cookie of the site (BenchmarkCookie/header).
func soleCookie(lines []string, name string) (value string) {
	if len(lines) != 1 || len(lines[0]) > 2*maxCookieBytes || strings.Count(lines[0], ";") > usualCookies {
		return "" // net/http has limits of its own
	}
	for rest := lines[0]; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, ";")
		after, found := strings.CutPrefix(textproto.TrimString(part), name)
		switch {
		case !found:
		case after == "", after[0] <= ' ': // the name may end here, as net/http trims it
			return ""
		case after[0] == '=':
			if value != "" || !plainCookieValue(after[1:]) {
				return ""
			}
			value = after[1:]
		}
	}
	return value
}

// plainCookieValue reports whether a value is what any parser takes it for.
func plainCookieValue(value string) bool {
	for i := range len(value) {
		switch c := value[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '+', c == '/', c == '=':
		default:
			return false
		}
	}
	return value != ""
}
