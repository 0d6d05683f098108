package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Binder binds sessions to the browser that has logged in (Options.DeviceBound):
// [github.com/pyramidgo/redissessions/session/dbsc.Options] is one.
type Binder interface {
	// Bind returns the Binding for a factory's sessions. NewFactory calls it, and returns
	// its error. It may be called several times.
	Bind(BindTo) (Binding, error)
}

// BindTo is the factory, as a Binder gets it.
type BindTo struct {
	// Cookie are the options of the session's cookie, with their defaults.
	Cookie CookieOptions
	// NewSigner returns a signer with the factory's secrets for a cookie of another name.
	NewSigner func(cookieName string) Signer
	// Now returns the time by the factory's clock.
	Now func() time.Time
}

// Binding decides which requests may use a bound session. It has a text for each session, its
// state, which is stored in the record and is not a secret. "" is the state of a
// session that was logged in without a Binding. It is safe for concurrent use.
type Binding interface {
	// Begin returns the state of a session that is being logged in, up to MaxDeviceState
	// bytes.
	Begin() (state string, err error)
	// Offer puts into the header of a login's response what makes the browser register. ref
	// leads find to the session without its cookie. It is no secret, and no cookie can be
	// made of it.
	Offer(h http.Header, state, ref string)
	// Admits reports whether a request with these Cookie lines may use a session that was
	// logged in at that time.
	Admits(cookies []string, state string, login time.Time) bool
	// Bound reports whether a browser has registered.
	Bound(state string) bool
	// Prepare returns the state for a record that a request writes anyway.
	Prepare(state string) string
	// Remind puts into a response's header what saves the browser a round trip later.
	Remind(h http.Header, state string)
	// Deletion returns the cookie that makes the browser forget the Binding's own.
	Deletion() *http.Cookie
	// Serves reports whether Factory.Handler is to give requests for a path to Serve.
	Serves(path string) bool
	// Serve answers them. find returns the first session that the request's cookies name, or
	// where ref is not "" the one that it leads to, if is returns true for its state; nil when
	// there is none.
	Serve(w http.ResponseWriter, r *http.Request, find func(ref string, is func(state string) bool) (*BoundSession, error))
}

// PlacedBinding is an optional interface of a Binding: two factories around one application,
// with other cookies, must not have the same path.
type PlacedBinding interface {
	Binding
	// Path returns the path below which the Binding serves.
	Path() string
}

// MaxDeviceState is the size up to which a record holds the state of a Binding.
const MaxDeviceState = record.MaxDevice

// ErrUnbound is returned when the session is bound to a browser, and the request did not
// prove that it comes from there (Options.DeviceBound). The session reads as an empty one,
// and cannot be saved. Login begins another one.
var ErrUnbound = errors.New("session: it is bound to the browser that logged in, and this request does not prove that it comes from there; log in again")

// bind makes the Binding of the factory's options. Its errors are about the options that
// exclude one.
func (f *Factory) bind(opts *Options) error {
	if opts.DeviceBound == nil {
		return nil
	}
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, optionError("DeviceBound", format, args...))
	}
	if opts.Format != FormatNative {
		wrong("the records of %s have no room for the key, and the Python package would not ask for the proof; use the native format", opts.Format)
	}
	if opts.Cookie.Partitioned {
		wrong("browsers do not refresh a partitioned cookie; leave out Cookie.Partitioned")
	}
	if opts.Cookie.Secure == SecureNever {
		wrong("browsers bind sessions over TLS only; leave out Cookie.Secure = SecureNever")
	}
	binding, err := opts.DeviceBound.Bind(BindTo{
		Cookie:    f.opts.Cookie,
		NewSigner: func(name string) Signer { return f.signerOf(opts, name) },
		Now:       func() time.Time { return f.now() },
	})
	if err != nil {
		wrong("%w", err)
	}
	f.binding = binding
	return errors.Join(errs...)
}

// onePath returns an error when the Handler of one factory answers what browsers send to the
// Binding of another: it would tell them to forget the other's sessions. Factories with one
// cookie name do not count, because they share their sessions or exclude each other.
func onePath(a, b *Factory) error {
	pa, _ := a.binding.(PlacedBinding)
	pb, _ := b.binding.(PlacedBinding)
	if pa == nil || pb == nil || pa.Path() != pb.Path() || a.opts.Cookie.Name == b.opts.Cookie.Name {
		return nil
	}
	return optionError("DeviceBound", "the factories of the cookies %q and %q are around one application and have one path, %q, on which only the outer one answers; give one of them another (device_bound_path, dbsc.Options.Path)",
		a.opts.Cookie.Name, b.opts.Cookie.Name, pa.Path())
}

// logOnePath logs the error of onePath, once, for an exchange inside that of another factory.
func (f *Factory) logOnePath(x *exchange) {
	for outer := x.outer; outer != nil; outer = outer.outer {
		if err := onePath(outer.f, f); err != nil {
			f.onePath.Do(func() {
				f.opts.Logger.LogAttrs(x.in.Context(), slog.LevelError, "session: browsers cannot prove that they have logged in", errorAttr(err))
			})
		}
	}
}

// signerOf returns the signer for a cookie of that name. Options.Signer signs without a name:
// a Binding puts into the signed value what the value is for.
func (f *Factory) signerOf(opts *Options, name string) Signer {
	if opts.Signer != nil {
		return opts.Signer
	}
	return f.rules.newSigner(name, opts.Secret, opts.PreviousSecrets)
}

// admitted reports whether the request may use a session with that login. A session that
// this request has used already stays open to it.
func (s *Session) admitted(at time.Time, state string) bool {
	return s.f.binding == nil || s.proved || s.f.binding.Admits(s.lines, state, at)
}

// turnAway makes the session read as an empty one, which cannot be saved, and reports
// ErrUnbound.
func (s *Session) turnAway() {
	_ = s.become(isUnbound, ErrUnbound)
	s.f.invalid(s.r, s.app, ErrUnbound)
}

// beginBinding returns the state for a login.
func (f *Factory) beginBinding() (string, error) {
	if f.binding == nil {
		return "", nil
	}
	state, err := f.binding.Begin()
	return state, errors.Join(err, checkState(state))
}

// checkState refuses a state that no record has room for.
func checkState(state string) error {
	if n := len(state); n > MaxDeviceState {
		return fmt.Errorf("session: the state of a Binding has %d bytes, and a record has room for %d (MaxDeviceState)", n, MaxDeviceState)
	}
	return nil
}

// bindingHeader puts the Binding's fields into the header of a response, after the session's
// cookie. The caller holds the lock.
func (s *Session) bindingHeader(h http.Header, cookie cookieAction) {
	b, state := s.f.binding, s.meta.Login.Device
	if b == nil || s.headerSent {
		return
	}
	if cookie == cookieDelete || cookie == cookieSet && s.endedHere { // in whose place another has begun
		putCookie(h, b.Deletion())
	}
	switch {
	case cookie == cookieDelete, s.state != isStored, state == "":
	case s.offer && cookie == cookieSet:
		s.offer = false
		b.Offer(h, state, strings.TrimPrefix(s.at.Key, s.f.opts.Prefix))
	default:
		b.Remind(h, state)
	}
}

// serveBinding answers a request for the Binding's own paths.
func (f *Factory) serveBinding(w http.ResponseWriter, r *http.Request) {
	f.binding.Serve(w, r, func(ref string, is func(string) bool) (*BoundSession, error) {
		found, err := f.findBound(r, ref, is)
		if err != nil {
			f.logFailure(r, "session: the browser's proof was not looked at", err)
		}
		return found, err
	})
}

// BoundSession is a stored session, for the requests that a Binding answers. Its methods do
// not restart the idle timeout.
type BoundSession struct{ s *Session }

// maxFollowed bounds how many renewals of a session are followed.
const maxFollowed = 5

// findBound returns the session that ref leads to, or the first of a request's cookies, whose
// state is looked for. A session that was renewed a moment ago is found under its new ID.
func (f *Factory) findBound(r *http.Request, ref string, is func(state string) bool) (*BoundSession, error) {
	store, err := f.storeFor(r)
	if err != nil {
		return nil, err
	}
	look := func(at record.Address, id string) (*BoundSession, error) {
		s, err := f.stored(r, store, at, id)
		switch {
		case errors.Is(err, ErrNotFound), errors.Is(err, ErrUndecodable) && !f.opts.FailOnUndecodable:
			return nil, nil
		case err != nil:
			return nil, err
		case !is(s.meta.Login.Device):
			return nil, nil
		}
		return &BoundSession{s}, nil
	}
	if ref != "" {
		at, ok := f.format.AtKey(f.opts.Prefix + ref)
		if !ok {
			return nil, nil
		}
		return look(at, "")
	}
	for ids := f.candidates(r, r, r.Header["Cookie"]); ; {
		c, ok := ids.next()
		if !ok {
			return nil, nil
		}
		if found, err := look(f.format.Address(c.id), c.id); found != nil || err != nil {
			return found, err
		}
	}
}

// stored loads the session at an address, without asking the Binding whether the request may
// use it. id is its ID, where that is known.
func (f *Factory) stored(r *http.Request, store Store, at record.Address, id string) (*Session, error) {
	for range maxFollowed {
		s := f.blankSession(r, store)
		s.app, s.access, s.proved, s.headerSent = r, passive, true, true
		raw, left, err := s.fetch(r.Context(), at.Key, 0)
		if errors.Is(err, ErrNotFound) {
			return nil, ErrNotFound
		}
		if err != nil {
			return nil, storeError("load", err)
		}
		snap, err := f.format.Decode(at, raw)
		switch {
		case err != nil:
			return nil, err
		case snap.Ended:
			return nil, ErrNotFound
		case snap.Successor != nil:
			at = *snap.Successor
			continue
		}
		if err := s.loadRecord(r.Context(), id, at, snap, 0, left); err != nil {
			return nil, err
		}
		return s, nil
	}
	return nil, ErrNotFound
}

// Change replaces the state by what change makes of it, and saves it while the record is as
// it was read. When another request has changed the record meanwhile, change is called
// again, with the state that is stored then. An equal state is not saved. The error is that
// of change, ErrGone when the session has ended, or the store's.
func (b *BoundSession) Change(ctx context.Context, change func(state string) (string, error)) error {
	s := b.s
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	declined := false
	err := s.retry(ctx, func(bool) error {
		was := s.meta.Login.Device
		next, err := change(was)
		if declined = err != nil; declined || next == was {
			return err
		}
		if err := checkState(next); err != nil {
			return err
		}
		s.meta.Login.Device = next
		return s.write(ctx, nil)
	})
	if err != nil && !declined && !errors.Is(err, ErrGone) {
		s.f.logFailure(s.r, "session: the state of its binding was not saved", err)
	}
	return err
}

// End removes the session's record and logs a warning: a request had the session's cookie and
// a proof by another key than the browser's.
func (b *BoundSession) End(ctx context.Context) error {
	s := b.s
	ctx, cancel := s.f.writeContext(s.withRequest(ctx))
	defer cancel()
	err := s.endAll(ctx, CauseAnotherKey)
	if err != nil {
		s.f.ended(ctx, CauseAnotherKey, err)
		s.f.logFailure(s.r, "session: it was not ended", err)
		return err
	}
	s.f.opts.Logger.LogAttrs(ctx, slog.LevelWarn,
		"session: a session was ended: a request with its cookie was signed by another key than that of the browser to which the session is bound, so that the cookie has been copied",
		slog.String("method", s.r.Method), slog.String("route", s.r.Pattern))
	return nil
}
