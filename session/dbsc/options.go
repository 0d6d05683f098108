package dbsc

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// Defaults of Options.
const (
	DefaultPath    = "/.session"
	DefaultRefresh = 10 * time.Minute
)

// Options says how sessions are bound (session.Options.DeviceBound). The zero value binds
// those of browsers that can, and leaves the others as they are.
type Options struct {
	// Required makes the session of a browser read as empty, as that of a request without
	// proof, when the browser has not registered within a minute after Login. Browsers
	// without Device Bound Session Credentials never register. The default is
	// false.
	Required bool
	// Path is below which the browser registers and refreshes, by POST. The default is
	// "/.session". It must be within the Path of the session's cookie, and Factory.Handler
	// must get what is sent there.
	Path string
	// Refresh is for how long a bound cookie is good: a copy of it is of use for that long.
	// The default is 10 minutes. With less than 5 minutes Chromium runs into its limit of six
	// signatures in nine minutes, and then sends requests without the cookie.
	Refresh time.Duration
}

var _ session.Binder = Options{}

// Bind implements session.Binder.
func (o Options) Bind(to session.BindTo) (session.Binding, error) {
	if o.Path == "" {
		o.Path = DefaultPath
	}
	if o.Refresh == 0 {
		o.Refresh = DefaultRefresh
	}
	if err := o.check(to.Cookie.Path); err != nil {
		return nil, err
	}
	b := &binding{
		required: o.Required, refresh: o.Refresh, now: to.Now,
		path:   o.Path,
		cookie: boundCookie{options: to.Cookie, name: boundName(to.Cookie.Name), life: o.Refresh},
	}
	b.cookie.signer = to.NewSigner(b.cookie.name)
	if err := b.cookie.checkSigner(b.now()); err != nil {
		return nil, err
	}
	return b, nil
}

func (o Options) check(cookiePath string) error {
	var errs []error
	switch {
	case !strings.HasPrefix(o.Path, "/"), o.Path == "/", strings.HasSuffix(o.Path, "/"), strings.Contains(o.Path, "//"),
		strings.Contains(o.Path+"/", "/../"), strings.Contains(o.Path+"/", "/./"), strings.IndexFunc(o.Path, notInPath) >= 0:
		errs = append(errs, fmt.Errorf("the path %.60q: it must begin with / and end without one, of letters, digits and -._~ between slashes", o.Path))
	case !within(o.Path, cookiePath):
		errs = append(errs, fmt.Errorf("the path %.60q is not within the cookie's path %.60q: the browser would send its proofs without the session's cookie", o.Path, cookiePath))
	}
	if o.Refresh < 0 {
		errs = append(errs, fmt.Errorf("the time between refreshes, %s, is negative", o.Refresh))
	}
	return errors.Join(errs...)
}

func notInPath(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("/-._~", r)
}

// within reports whether a browser sends a cookie with that path to a path
// (RFC 6265, section 5.1.4).
func within(path, cookiePath string) bool {
	return path == cookiePath || strings.HasPrefix(path, strings.TrimSuffix(cookiePath, "/")+"/")
}

// binding is the session.Binding of one factory.
type binding struct {
	required bool
	refresh  time.Duration
	now      func() time.Time
	path     string
	cookie   boundCookie
}

var _ session.PlacedBinding = (*binding)(nil)

// Path implements session.PlacedBinding.
func (b *binding) Path() string { return b.path }

// refSeparator stands between a registration's challenge and the reference to its session.
const refSeparator = "."

// registerWithin is for how long after Login Options.Required admits an unbound session.
const registerWithin = time.Minute

// Begin implements session.Binding.
func (b *binding) Begin() (string, error) {
	s := state{offered: b.now()}
	if err := draw(s.id[:], s.offer[:]); err != nil {
		return "", err
	}
	return s.String(), nil
}

// Offer implements session.Binding.
//
// The challenge has the reference to the session behind it, for a registration without the
// session's cookie. Both fields are lists: a response may have those of another factory too.
func (b *binding) Offer(h http.Header, text, ref string) {
	if s, ok := parseState(text); ok && !s.bound() {
		h.Add("Secure-Session-Registration", "(ES256 RS256);path="+quoted(b.path+registerPath)+";challenge="+quoted(s.offer.String()+refSeparator+ref))
	}
}

// Bound implements session.Binding.
func (b *binding) Bound(text string) bool {
	s, ok := parseState(text)
	return ok && s.bound()
}

// Admits implements session.Binding.
//
// A request of a bound session needs a bound cookie that is good, but for a moment after
// the registration, because requests may have been under way then. A state that cannot be
// read admits no request.
func (b *binding) Admits(cookies []string, text string, login time.Time) bool {
	if text == "" {
		return !b.required || login.IsZero() || b.near(login, registerWithin)
	}
	s, ok := parseState(text)
	switch {
	case !ok:
		return false
	case !s.bound():
		return !b.required || b.near(s.offered, registerWithin)
	case b.near(s.registered, grace(b.refresh)):
		return true
	}
	return b.cookie.among(cookies, s.id, b.now())
}

// near reports whether a time is less than d away. One that lies as far in the future was
// written by a server whose clock is ahead: it must lengthen nothing.
func (b *binding) near(t time.Time, d time.Duration) bool { return b.now().Sub(t).Abs() < d }

// grace is for how long after the end of a bound cookie, and after a registration, requests
// count as having been under way.
func grace(life time.Duration) time.Duration { return max(life/10, 2*time.Second) }

// Challenges sent ahead save the browser a round trip. Chromium refreshes about two minutes
// before the end of a bound cookie as soon as it has a challenge, so that earlier, or with a
// shorter life, one would only use up its quota.
const (
	sentAhead     = 150 * time.Second
	leastForAhead = 5 * time.Minute
)

// ahead reports whether the session's bound cookie is near its end.
func (b *binding) ahead(s *state) bool {
	left := s.refreshed.Add(b.refresh).Sub(b.now())
	return s.bound() && b.refresh >= leastForAhead && 0 < left && left <= sentAhead
}

// Prepare implements session.Binding: a record that is written anyway near the end of the
// bound cookie gets a challenge, for Remind.
func (b *binding) Prepare(text string) string {
	s, ok := parseState(text)
	if !ok || !b.ahead(&s) {
		return text
	}
	if err := s.renew(b.now()); err != nil {
		return text // the browser asks for one
	}
	return s.String()
}

// Remind implements session.Binding.
func (b *binding) Remind(h http.Header, text string) {
	if s, ok := parseState(text); ok && b.ahead(&s) && s.last.good(b.now()) {
		h.Add(challengeHeader, s.challenge())
	}
}

// Deletion implements session.Binding.
func (b *binding) Deletion() *http.Cookie { return b.cookie.deletion() }
