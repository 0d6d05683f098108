package session

import (
	"context"
	"errors"
	"log/slog"
	"mime/multipart"
	"net/http"
	"sync"

	"github.com/pyramidgo/redissessions/session/internal/respwriter"
)

// exchange is what a request and its response need to know of the session, and the
// session of them.
type exchange struct {
	f *Factory
	// outer is the exchange of the Handler around this one, if there is one.
	outer *exchange
	out   respwriter.Response
	h     http.Header   // that of out; asked for once, because a ResponseWriter is not safe for concurrent use
	r     *http.Request // the application's
	// in is the request that came in, and cookies are its Cookie lines: whatever
	// the application does to its own, the session is that of these.
	in      *http.Request
	cookies []string
	line    [1]string // memory for cookies, which is one line as a rule
	// outside is the Content-Encoding of middleware around the Handler, which
	// encodes the error handler's answer as well.
	outside []string

	// early is what the header was before the application's handler ran, a copy,
	// where an AllowCookie hook is to look at it.
	early http.Header

	mu       sync.Mutex
	got      bool // Get or Invalidate was called
	session  *Session
	loadErr  error
	sent     bool              // the header is on its way
	shared   bool              // and lets caches give the response to others
	forms    []*multipart.Form // whose files are removed after the response
	interim  bool              // a 1xx response was sent
	vary     [1]string         // memory for the Vary header
	replaced bool              // the page is not sent: the error handler answers
	answered bool              // the error handler has answered
	shown    bool              // and the server was told to send the answer at once
}

func (x *exchange) get() (*Session, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.got {
		x.got, x.loadErr = true, errLoadPanicked
		x.session, x.loadErr = x.f.load(x.in, x.r, x.cookies)
		x.attach()
		x.lateUse()
	}
	return x.session, x.loadErr
}

// errLoadPanicked is the error of a load in which a hook or a codec of the application
// panicked, when the application has recovered and asks for the session again.
var errLoadPanicked = errors.New("session: the load panicked")

// attach gives a session, before it is returned to the application, what is known of
// the response. The header itself is given by settle, which runs where the header is
// sent: until then the handler may write it while another goroutine uses the session.
func (x *exchange) attach() {
	if x.session != nil {
		x.session.header, x.session.headerSent = x.early, x.sent
		if x.sent && x.session.cookie == cookieSet {
			x.session.cookie, x.session.due.cookie = cookieKeep, false // too late; the next response carries it
		}
	}
}

// invalidate ends the session. values is for what the store reads of it; its end
// does not matter.
func (x *exchange) invalidate(values context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.session != nil {
		return x.session.Invalidate(values)
	}
	x.got = true
	found, store, err := x.f.endCookies(values, x.in, x.r, x.cookies)
	// As long as it has failed the visitor is logged in, whatever the page says.
	if x.loadErr = err; err == nil {
		x.session = x.f.newSession(x.in, store)
		x.session.app = x.r
		x.attach()
		if found {
			x.session.cookie, x.session.endedHere = cookieDelete, true
		}
	}
	x.lateUse()
	return err
}

// SendHeader is called before anything of the response is sent. The first call
// saves the session; when that fails, the error handler answers, and every call
// from then on returns an error.
func (x *exchange) SendHeader() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.sent {
		x.sent = true
		if !x.interim && x.out.Begun() { // after an interim response the writers around do not tell one from the other
			x.settleBypassed()
			return nil
		}
		if err := x.settle(); err != nil {
			x.replaced = true
			// The error handler may ask for the session itself.
			x.mu.Unlock()
			defer x.mu.Lock()
			x.fail(err)
			return errPageReplaced
		}
	}
	if x.replaced {
		return errPageReplaced
	}
	return nil
}

// settle saves the session and completes the header.
func (x *exchange) settle() error {
	if !x.got {
		x.shared = shared(x.h)
		return nil
	}
	varyCookie(x.h, &x.vary)
	if x.session == nil {
		return x.loadErr
	}
	// In one go: a Renew in another goroutine of the request comes either before
	// the save or after the header.
	x.session.mu.Lock()
	defer x.session.mu.Unlock()
	err := x.f.save(x.h, x.r, x.session)
	x.session.headerSent, x.session.unsaved = true, err
	return err
}

// errBypassed is logged for a response that was written to a ResponseWriter around the
// session's.
var errBypassed = errors.New("session: the response was written to another ResponseWriter than the one that the session's Handler passes on, and has no cookie of the session: middleware that replaces the request must replace the writer too (in gin c.Writer, in echo c.SetResponse)")

// settleBypassed is settle for a response that cannot carry a cookie any more: it
// saves a session that the browser knows and ends one that it does not, which
// no request could find. The caller holds the lock.
func (x *exchange) settleBypassed() {
	if !x.got {
		return
	}
	err := x.loadErr
	if s := x.session; s != nil {
		s.mu.Lock()
		s.headerSent = true
		err = s.endUnknown(x.r.Context(), ErrHeaderWritten)
		if failed := s.failure(); failed != nil {
			err = errors.Join(err, failed) // and nothing is saved
		} else {
			err = errors.Join(err, s.saveLate(x.r.Context()))
		}
		s.mu.Unlock()
	}
	x.log("session: the response was sent past the session's writer", errors.Join(errBypassed, err))
}

// finish is called when the handler has returned. It sends the header of an
// empty response, or saves what has changed since the header was sent.
func (x *exchange) finish() {
	if !x.late() {
		_ = x.SendHeader()
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.session == nil || x.replaced {
		return
	}
	x.session.mu.Lock()
	defer x.session.mu.Unlock()
	if err := x.session.saveLate(x.r.Context()); err != nil {
		x.log("session: changes made after the response had begun were lost", err)
	}
}

func (x *exchange) late() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sent
}

// saveLate saves a session when the header has been sent. The caller holds the
// lock.
func (s *Session) saveLate(ctx context.Context) error {
	err := s.commit(ctx)
	if s.refused && errors.Is(err, ErrHeaderWritten) {
		return nil // the new session that save has reported
	}
	if err != nil {
		return err
	}
	return s.writeCookie(nil, false)
}

// panicked is called when the handler panics. Nothing more is saved, but the
// header of an outer handler's error page gets the cookie of a session that was
// begun, renewed or ended before.
func (x *exchange) panicked() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sent || !x.got {
		return
	}
	x.sent = true
	varyCookie(x.h, &x.vary)
	s := x.session
	if s == nil {
		if x.loadErr != nil {
			x.log("session: the handler panicked, and before that this had failed", x.loadErr)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearSiteData(x.h)
	if err := s.failure(); err != nil {
		x.log("session: the handler panicked, and before that this had failed", err)
	}
	if x.f.opts.Cookie.SkipOnPanic {
		x.skipCookie(s)
	}
	if err := s.writeCookie(x.h, x.r.TLS != nil); err != nil {
		x.log("session: no cookie was sent", err)
	}
}

// skipCookie takes back the cookie that a panicking request was to set, where the
// visitor can do without. A session that began in this request is taken back with
// it: without the cookie it could not be found. A renewed session's cookie is
// sent all the same, because the old one opens nothing any more, and so is the
// end of a cookie whose session Invalidate has ended. The caller holds the lock.
func (x *exchange) skipCookie(s *Session) {
	switch {
	case s.cookie != cookieSet:
	case s.isNew:
		ctx, cancel := x.f.writeContext(x.r.Context())
		defer cancel()
		if err := x.f.end(ctx, s.store, s.at, CauseTakenBack); err != nil {
			x.log("session: a session without a cookie stays until it expires", err)
		}
		s.cookie = cookieKeep
		if s.endedHere {
			s.cookie = cookieDelete
		}
	case s.signed == "": // not renewed: the old cookie opens the session
		s.cookie = cookieKeep
	}
}

// net/http removes the temporary files of a multipart form after the response, if
// it finds the form in the request that it made. The application's request is a
// copy of that: the Handler removes the files of its form.

// removeLater has the files of a form removed after the response, whichever copy of
// the request it belongs to.
func (x *exchange) removeLater(form *multipart.Form) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forms = append(x.forms, form)
}

// removeForms removes the files when the application's handler has ended, also by
// a panic. Those that the application has removed itself are no error.
func (x *exchange) removeForms() {
	x.mu.Lock()
	forms := x.forms
	x.mu.Unlock()
	if form := x.r.MultipartForm; form != nil {
		forms = append(forms, form)
	}
	for _, form := range forms {
		if err := form.RemoveAll(); err != nil {
			x.log("session: temporary files of a form were not removed", err)
		}
	}
}

// lateUse logs that a session was asked for when the header had been sent: the page has
// no Vary: Cookie, and cannot be replaced when the load fails.
func (x *exchange) lateUse() {
	if !x.sent {
		return
	}
	if x.shared && x.f.late.first(x.r.Pattern) {
		x.f.opts.Logger.LogAttrs(x.r.Context(), slog.LevelError,
			"session: the session was first asked for after the response had begun, which therefore has no Vary: Cookie: a cache may show the page to other visitors; ask for the session before the first write, or set Vary or Cache-Control",
			slog.String("method", x.r.Method), slog.String("route", x.r.Pattern))
	}
	if x.loadErr != nil {
		x.log("session: the page had been sent when this failed", x.loadErr)
	}
}

// shared reports whether a header lets a cache give its response to visitors with
// other cookies (RFC 9111, sections 3.5 and 4.1).
func shared(h http.Header) bool {
	return !lists(h["Vary"], "Cookie") && !lists(h["Vary"], "*") &&
		!lists(h["Cache-Control"], "no-store") && !lists(h["Cache-Control"], "private")
}
