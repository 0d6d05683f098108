package session

import (
	"net/http"
	"slices"
)

// candidates goes through the IDs in a request's cookies, in the order in which
// they are to be tried, each once. A forged cookie is reported and passed over.
type candidates struct {
	f       *Factory
	r       *http.Request
	cookies []*http.Cookie
	tried   []string
}

func (f *Factory) candidates(r *http.Request) candidates {
	c := candidates{f: f, r: r, cookies: r.CookiesNamed(f.opts.Cookie.Name)}
	if f.customs.lastCookie {
		slices.Reverse(c.cookies)
	}
	c.cookies = c.cookies[:min(len(c.cookies), maxCookies)]
	return c
}

func (c *candidates) next() (v verified, ok bool) {
	for len(c.cookies) > 0 {
		value := c.cookies[0].Value
		c.cookies = c.cookies[1:]
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
	return verified{}, false
}
