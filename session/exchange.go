package session

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// exchange is one request and its response as far as the session is concerned.
// It is the request's context too, which saves an allocation for each.
type exchange struct {
	context.Context // the one that the request came with

	f *Factory
	w http.ResponseWriter
	h http.Header // w's; asked for once, because w itself is not safe for concurrent use
	r *http.Request
	// outside is the Content-Encoding of middleware around the Handler, which
	// encodes the error handler's answer as well.
	outside []string

	mu       sync.Mutex
	got      bool // Get or Invalidate was called
	session  *Session
	loadErr  error
	sent     bool      // the header is on its way
	vary     [1]string // room for the Vary header
	replaced bool      // the page is not sent: the error handler answers
	answered bool      // the error handler has answered
}

func (x *exchange) get(r *http.Request) (*Session, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.got {
		x.got, x.loadErr = true, errLoadPanicked
		x.session, x.loadErr = x.f.open(r)
		x.attach()
	}
	return x.session, x.loadErr
}

// errLoadPanicked is what a load has come to when a hook or a codec of the
// application's panicked in it and the application went on all the same.
var errLoadPanicked = errors.New("session: the load panicked")

// attach gives a session that nobody else has yet the response's header.
func (x *exchange) attach() {
	if x.session != nil {
		x.session.header, x.session.headerSent = x.h, x.sent
		if x.sent && x.session.cookie == cookieSet {
			x.session.cookie, x.session.roll = cookieKeep, false // too late; the next response carries it
		}
	}
}

func (x *exchange) invalidate(r *http.Request) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.session != nil {
		return x.session.Invalidate(r.Context())
	}
	found, err := x.f.endCookies(r)
	if err != nil {
		return err
	}
	store, err := x.f.storeFor(r)
	if err != nil {
		return err
	}
	x.got, x.loadErr = true, nil
	x.session = x.f.newSession(r, store)
	x.attach()
	if found {
		x.session.cookie, x.session.endedHere = cookieDelete, true
	}
	return nil
}

// sendHeader is called before anything of the response is sent. The first call
// saves the session; when that fails, the error handler answers, and every call
// from then on returns an error.
func (x *exchange) sendHeader() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.sent {
		x.sent = true
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
	x.session.headerSent = true
	return err
}

// finish is called when the handler has returned. It sends the header of an
// empty response, or saves what has changed since the header was sent.
func (x *exchange) finish() {
	if !x.late() {
		_ = x.sendHeader()
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.session == nil || x.replaced {
		return
	}
	if err := x.f.saveLate(x.r.Context(), x.session); err != nil {
		x.log("session: changes made after the response had begun were lost", err)
	}
}

func (x *exchange) late() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sent
}

// saveLate saves a session when the header has been sent.
func (f *Factory) saveLate(ctx context.Context, s *Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.commit(ctx, nil)
	if s.refused && errors.Is(err, ErrHeaderWritten) {
		return nil // the new session that save has reported
	}
	if err != nil {
		return err
	}
	return s.writeCookie(nil, false)
}

// panicked is called when the handler panics. Nothing more is saved, but the
// browser hears of a session that was begun, renewed or ended before, so that
// an outer handler's error page carries the cookie, unless the settings say
// otherwise. Then a session begun in this request is taken back: no one could
// ever find it.
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
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearSiteData(x.h)
	if !x.f.opts.Cookie.SkipOnPanic {
		if err := s.writeCookie(x.h, x.r.TLS != nil); err != nil {
			x.log("session: no cookie was sent", err)
		}
		return
	}
	if s.isNew && s.guard != nil {
		ctx, cancel := x.f.writeContext(x.r.Context())
		defer cancel()
		if err := x.f.end(ctx, s.store, s.at); err != nil {
			x.log("session: a session without a cookie stays until it expires", err)
		}
	}
}
