package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// candidates goes through the IDs in a request's cookies, in the order in which
// they are to be tried, each once. A forged cookie is reported and passed over.
type candidates struct {
	f       *Factory
	r       *http.Request // for the hook
	cookies []*http.Cookie
	several bool
	tried   []string // where there are several
}

// candidates takes the Cookie lines of a request.
func (f *Factory) candidates(r *http.Request, lines []string) candidates {
	header := http.Request{Header: http.Header{"Cookie": lines}}
	c := candidates{f: f, r: r, cookies: header.CookiesNamed(f.opts.Cookie.Name)}
	if f.customs.lastCookie {
		slices.Reverse(c.cookies)
	}
	c.cookies = c.cookies[:min(len(c.cookies), maxCookies)]
	c.several = len(c.cookies) > 1
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
		if c.several {
			c.tried = append(c.tried, v.id)
		}
		return v, true
	}
	return verified{}, false
}

// endCookies ends the sessions that a request's Cookie lines name, and reports
// whether there was one. Natively it ends all of them. The Python packages read
// one cookie only: of several, the first session that is there is ended.
func (f *Factory) endCookies(ctx context.Context, r *http.Request, lines []string) (found bool, err error) {
	store, err := f.storeFor(r)
	if err != nil {
		return false, err
	}
	ctx, cancel := f.writeContext(ctx)
	defer cancel()
	var errs []error
	for ids := f.candidates(r, lines); ; {
		v, ok := ids.next()
		if !ok {
			return found, errors.Join(errs...)
		}
		found = true
		at := f.format.address(v.id)
		if !f.customs.lastCookie || !ids.several {
			errs = append(errs, f.end(ctx, store, at))
			continue
		}
		if err := store.Remove(ctx, at.key, nil); !errors.Is(err, ErrNotFound) {
			return true, storeError("invalidate", err)
		}
	}
}

// endOthers ends the sessions of the request's other cookies: with one left, the
// visitor would still be logged in. The Python packages do not read the cookies
// after the one that was loaded, so that in their formats those stay.
func (s *Session) endOthers(ctx context.Context) error {
	if !s.f.customs.lastCookie {
		for _, ok := s.ids.next(); ok; {
			_, ok = s.ids.next()
		}
	}
	var errs []error
	for _, id := range s.ids.tried {
		if at := s.f.format.address(id); at.key != s.at.key && at.key != s.predecessor.key {
			errs = append(errs, s.f.end(ctx, s.store, at))
		}
	}
	return errors.Join(errs...)
}
