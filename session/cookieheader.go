package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/pyramidgo/redissessions/session/internal/sign"
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
	if f.rules.lastCookie {
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
		at := f.format.Address(v.id)
		if !f.rules.lastCookie || !ids.several {
			errs = append(errs, f.end(ctx, store, at))
			continue
		}
		if err := store.Remove(ctx, at.Key, nil); !errors.Is(err, ErrNotFound) {
			return true, storeError("invalidate", err)
		}
	}
}

// endOthers ends the sessions of the request's other cookies: with one left, the
// visitor would still be logged in. The Python packages do not read the cookies
// after the one that was loaded, so that in their formats those stay.
func (s *Session) endOthers(ctx context.Context) error {
	if !s.f.rules.lastCookie {
		for _, ok := s.ids.next(); ok; {
			_, ok = s.ids.next()
		}
	}
	var errs []error
	for _, id := range s.ids.tried {
		if at := s.f.format.Address(id); at.Key != s.at.Key && at.Key != s.predecessor.Key {
			errs = append(errs, s.f.end(ctx, s.store, at))
		}
	}
	return errors.Join(errs...)
}

// Signer authenticates the session ID in the cookie. It gives no secrecy.
type Signer interface {
	// Sign returns the cookie's value for an ID. It must be made of the
	// characters that RFC 6265 allows in a cookie's value.
	Sign(id string) (value string, err error)
	// Verify returns the ID in a cookie's value, or an error when it was not
	// made by Sign. It compares in constant time.
	Verify(value string) (id string, err error)
}

// RotatingSigner is an optional interface of a Signer that also verifies what an older
// secret has signed. The built-in signers have it (Options.PreviousSecrets).
type RotatingSigner interface {
	Signer
	// VerifyRotated is Verify, and also reports whether an older secret signed the
	// value: the response then carries a cookie that Sign has made anew.
	VerifyRotated(value string) (id string, old bool, err error)
}

// checkSigned returns an error for a cookie's value that browsers would not keep, or that
// does not verify.
func (f *Factory) checkSigned(id, signed string) error {
	if err := f.opts.Cookie.checkValue(signed); err != nil {
		if f.idsAreOurs {
			return err
		}
		return fmt.Errorf("%w (id_generator, Options.NewID, made an ID of %d bytes)", err, len(id))
	}
	if f.idsAreOurs && f.opts.Signer == nil {
		return nil
	}
	back, err := f.signer.Verify(signed)
	switch {
	case err == nil && back == id:
		return nil
	case f.opts.Signer == nil:
		return sign.ErrIDLost
	}
	return errors.New("session: new ID: cookie_signer (Options.Signer) does not verify the value that it made")
}
