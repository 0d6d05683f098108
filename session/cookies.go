package session

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/sign"
)

// verified is a cookie whose signature holds.
type verified struct {
	id  string
	old bool // signed with a previous secret
}

func (f *Factory) verify(value string) (v verified, err error) {
	if s, ok := f.signer.(RotatingSigner); ok {
		v.id, v.old, err = s.VerifyRotated(value)
	} else {
		v.id, err = f.signer.Verify(value)
	}
	switch {
	case err != nil && !errors.Is(err, ErrBadCookie):
		err = fmt.Errorf("%w: %w", ErrBadCookie, err)
	case err == nil && v.id == "":
		err = ErrBadCookie
	}
	if err != nil {
		return verified{}, err
	}
	return v, nil
}

// candidates goes through the IDs in a request's cookies, in the order in which
// they are to be tried, each once. A forged cookie is reported and passed over.
type candidates struct {
	f       *Factory
	r, app  *http.Request // for the hook and the observer
	forged  bool          // there was one that does not verify
	cookies []*http.Cookie
	several bool
	tried   []string // where there are several
}

// candidates takes the Cookie lines of a request. app is the request as the application
// has it.
func (f *Factory) candidates(r, app *http.Request, lines []string) candidates {
	named := r
	if !slices.Equal(r.Header["Cookie"], lines) { // the application has changed them
		named = &http.Request{Header: http.Header{"Cookie": lines}}
	}
	c := candidates{f: f, r: r, app: app, cookies: named.CookiesNamed(f.opts.Cookie.Name)}
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
			c.forged = true
			c.f.invalid(c.r, c.app, err)
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

// putCookie puts c into h as the only Set-Cookie of its name, and keeps shared
// caches from storing the response unless the handler has set a Cache-Control.
func putCookie(h http.Header, c *http.Cookie) {
	others := slices.DeleteFunc(slices.Clone(h["Set-Cookie"]), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return strings.TrimSpace(name) == c.Name
	})
	h["Set-Cookie"] = append(others, c.String())
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
}

// The rolling cookie: a browser drops a cookie when its Max-Age has passed since it
// was sent, also while its visitor is active. So the cookie of an active visitor is sent
// again when a tenth of its Max-Age has passed since it was sent last. A native record
// notes when that was (record.Meta.CookieSent); a Pyramid record has no field for it.

// rolls reports whether the session's cookie has a Max-Age, and its record room to
// note when it was sent.
func (s *Session) rolls() bool {
	return s.f.opts.Format == FormatNative && s.cookieMaxAge() > 0
}

func (s *Session) cookieMaxAge() time.Duration { return s.meta.MaxAge.Or(s.f.opts.Cookie.MaxAge) }

// rollCookie sends the cookie of a loaded session again when a tenth of its Max-Age
// has passed. Without a note it was sent when the session began, at the latest. A note
// that lies as far in the future was made by a clock that was wrong.
func (s *Session) rollCookie(now time.Time) {
	if !s.rolls() {
		return
	}
	sent := s.meta.CookieSent
	if sent.IsZero() {
		sent = s.meta.Created
	}
	if now.Sub(sent).Abs() >= max(s.cookieMaxAge()/10, time.Second) {
		s.due.cookie, s.cookie = true, cookieSet
	}
}

// cookieSentAt returns the note for a record that is about to be written, to the
// address that the session has, or to a new one.
func (s *Session) cookieSentAt(now time.Time, same bool) time.Time {
	switch {
	case !s.rolls():
		return time.Time{}
	case same && s.cookie != cookieSet, s.cookieRefused():
		return s.meta.CookieSent
	}
	return now.Truncate(time.Second).UTC()
}

// ClearData is a kind of data that the browser keeps for a site.
type ClearData string

const (
	// ClearCache is what the browser has cached of the site's pages.
	ClearCache ClearData = "cache"
	// ClearStorage is what its scripts have stored: localStorage, IndexedDB, service
	// workers.
	ClearStorage ClearData = "storage"
)

// checkClearData refuses what Clear-Site-Data has beside these two: "cookies" and "*"
// would take the cookies of every application of the domain.
func checkClearData(kinds []ClearData) error {
	var errs []error
	for _, kind := range kinds {
		if kind != ClearCache && kind != ClearStorage {
			errs = append(errs, fmt.Errorf("session: ClearSiteData: %q: use ClearCache and ClearStorage", string(kind)))
		}
	}
	return errors.Join(errs...)
}

// clearSiteData tells the browser to delete what it keeps of the site, on the response
// to a request that has ended its session, also where that is the error handler's: the
// next request has no session any more that could say so. The caller holds the lock.
func (s *Session) clearSiteData(h http.Header) {
	kinds := s.f.opts.ClearSiteData
	if !s.endedHere || len(kinds) == 0 || h.Get("Clear-Site-Data") != "" {
		return
	}
	var quoted []string
	for _, kind := range kinds {
		if q := `"` + string(kind) + `"`; !slices.Contains(quoted, q) {
			quoted = append(quoted, q)
		}
	}
	h.Set("Clear-Site-Data", strings.Join(quoted, ", "))
}

func (x *exchange) clearSiteData() {
	x.mu.Lock()
	s := x.session
	x.mu.Unlock()
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clearSiteData(x.h)
	}
}

// errCookieRefused is for a new session on a response that may not carry a
// cookie: without it no request could find the record.
var errCookieRefused = errors.New("session: the AllowCookie hook (func_check_response_allow_cookies) refused its cookie")

// cookieRefused asks the hook. Until the header is sent, it is about the header
// that the request came in with.
func (s *Session) cookieRefused() bool {
	allow := s.f.opts.AllowCookie
	return allow != nil && s.header != nil && !allow(s.header)
}

// writeCookie puts the session's Set-Cookie into the header, if there is one to send.
func (s *Session) writeCookie(h http.Header, tls bool) error {
	action := s.cookie
	s.cookie = cookieKeep
	if action == cookieKeep {
		s.bindingHeader(h, action)
		return nil
	}
	if s.headerSent {
		if action == cookieSet {
			return ErrHeaderWritten
		}
		return nil // the session is gone: its cookie opens nothing
	}
	if s.cookieRefused() {
		if s.guard != nil && s.id != s.known {
			return errCookieRefused // it was renewed: without the cookie no request finds its data
		}
		return nil
	}
	options := &s.f.opts.Cookie
	if action == cookieDelete {
		putCookie(h, options.deletion(tls))
		s.bindingHeader(h, action)
		return nil
	}
	if s.signed == "" {
		var err error
		if s.signed, err = s.f.sign(s.id); err != nil {
			return err
		}
	}
	putCookie(h, options.cookie(s.signed, s.meta.MaxAge.Or(options.MaxAge), tls))
	s.bindingHeader(h, action)
	return nil
}

// newIdentity makes an ID, where it is kept, and the cookie's value for it: all
// that can fail about a new session before anything is written.
func (f *Factory) newIdentity() (id string, at record.Address, signed string, err error) {
	if id, err = f.opts.NewID(); err != nil {
		return "", at, "", fmt.Errorf("session: new ID: %w", err)
	}
	if !f.idsAreOurs {
		if err = sign.CheckID(id); err != nil {
			return "", at, "", err
		}
	}
	if signed, err = f.signer.Sign(id); err != nil {
		return "", at, "", fmt.Errorf("session: sign: %w", err)
	}
	if err = f.checkSigned(id, signed); err != nil {
		return "", at, "", err
	}
	return id, f.format.Address(id), signed, nil
}

// sign returns the cookie's value for an ID, one that browsers keep.
func (f *Factory) sign(id string) (string, error) {
	signed, err := f.signer.Sign(id)
	if err != nil {
		return "", fmt.Errorf("session: sign: %w", err)
	}
	return signed, f.opts.Cookie.checkValue(signed)
}

// varyCookie tells caches that the response depends on the request's cookies. The
// header keeps room as its value when it has none yet.
func varyCookie(h http.Header, room *[1]string) {
	if lists(h["Vary"], "Cookie") || lists(h["Vary"], "*") {
		return
	}
	if len(h["Vary"]) > 0 {
		h["Vary"] = append(h["Vary"], "Cookie")
		return
	}
	room[0] = "Cookie"
	h["Vary"] = room[:]
}

// lists reports whether a header that is a list has an element, in any case.
func lists(lines []string, element string) bool {
	for _, line := range lines {
		for e := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(e), element) {
				return true
			}
		}
	}
	return false
}
