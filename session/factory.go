package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/contention"
	"github.com/pyramidgo/redissessions/session/internal/recent"
	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/userset"
)

// Factory makes the sessions of an application. It is safe for concurrent use.
type Factory struct {
	opts   Options
	store  Store
	format record.Format
	rules  *formatRules
	signer Signer
	now    func() time.Time
	pause  func(ctx context.Context, d time.Duration) error
	late   *oncePerRoute     // routes that ask for the session after the first byte
	turns  *contention.Turns // of writers of one large session
	logins *userset.LoginTimes
	// overridden are the keys of records whose time to live is not IdleTimeout (ttl.go).
	overridden *recent.Keys

	watcher    *watcher   // of Options.Observer; nil without one
	rejections onInvalid  // Options.OnInvalid
	binding    Binding    // nil unless Options.DeviceBound is set
	onePath    *sync.Once // it is logged that another factory's Binding has its path

	idsAreOurs    bool // no Options.NewID makes them
	showsRequests bool // a hook of the options gets a http.Request
}

// NewFactory returns a factory that keeps its sessions in store. store may be
// nil when opts.StoreFor is set. Everything that is wrong with the options is
// reported at once.
func NewFactory(store Store, opts *Options) (*Factory, error) {
	if opts == nil {
		opts = &Options{}
	}
	f := &Factory{
		opts: opts.withDefaults(), store: store, rules: opts.Format.rules(),
		late: new(oncePerRoute), onePath: new(sync.Once),
		turns: new(contention.Turns), logins: new(userset.LoginTimes), overridden: new(recent.Keys),
	}
	clock, ok := store.(Clock)
	if !ok {
		clock = systemClock{}
	}
	f.now, f.pause = clock.Now, clock.Pause
	errs := []error{f.opts.Cookie.check(), checkClearData(opts.ClearSiteData), checkUsers(store, opts.Users)}
	if store == nil && opts.StoreFor == nil {
		errs = append(errs, errors.New("session: no store: pass one, or set Options.StoreFor"))
	}
	switch {
	case opts.Signer != nil && opts.Secret != "":
		errs = append(errs, optionError("Secret", "Signer is set too: choose one"))
	case slices.Contains(opts.PreviousSecrets, ""):
		errs = append(errs, optionError("PreviousSecrets", "one of them is empty: anyone could sign with it"))
	case opts.Signer != nil:
		f.signer = opts.Signer
	case opts.Secret == "":
		errs = append(errs, optionError("Secret", "no Secret: set one of at least 32 random bytes, or a Signer"))
	default:
		f.signer = f.rules.newSigner(f.opts.Cookie.Name, opts.Secret, opts.PreviousSecrets)
	}
	var err error
	if f.format, err = newFormat(&f.opts); err != nil {
		errs = append(errs, err)
	}
	if err := f.bind(opts); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	f.watcher, f.rejections = newWatcher(opts.Observer, f.opts.Logger), opts.OnInvalid
	f.idsAreOurs = opts.NewID == nil
	f.showsRequests = opts.Observer != nil || opts.OnInvalid != nil || opts.Passive != nil || opts.StoreFor != nil ||
		opts.ErrorHandler != nil || opts.Users != nil && opts.Users.Describe != nil
	f.opts.NewID = f.rules.idMaker(opts)
	f.opts.IdleTimeout = f.format.Idle(f.opts.IdleTimeout)
	// Signer and format have what they need. A value that holds a factory may
	// be printed by reflection, where no Format method is asked.
	f.opts.Secret, f.opts.PreviousSecrets = "", nil
	f.opts.EncryptionKeys, f.opts.EncryptionKeysPrevious = nil, nil
	return f, nil
}

// Get returns the session of a request: the one its cookie names, or else a new
// one. Under Handler it is the same *Session whenever it is asked for, and its
// cookie that of the request that came in, whichever copy of the request is
// given; otherwise each call makes one, and Save saves it. Getting a session sends one command to
// Redis when the request has a cookie that verifies, and none otherwise.
//
// The error wraps ErrUnavailable when the store did not answer. Handler answers
// a request whose Get failed by the error handler, whatever the application
// writes, so that a page made without its session never goes out.
func (f *Factory) Get(r *http.Request) (*Session, error) {
	if x := f.exchangeOf(r); x != nil {
		return x.get()
	}
	return f.load(r, r, r.Header["Cookie"])
}

// Save saves a session that was got without Handler, and puts the cookie into
// w's header. Call it once, before writing to w.
func (f *Factory) Save(w http.ResponseWriter, r *http.Request, s *Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	varyCookie(w.Header(), new([1]string))
	return f.save(w.Header(), r, s)
}

// Invalidate ends the session of a request without loading it, in one round
// trip: nothing is left of it when Invalidate returns, and a request in flight
// cannot bring it back. Handler deletes the cookie, and a later Get in the same
// request returns a new session. A request without a session is fine. Of several
// cookies of the name each takes a round trip, as in Session.Invalidate.
//
// When it fails, the visitor is still logged in: Handler answers with the error
// handler, whatever the application writes, and a later Get returns the error,
// until an Invalidate succeeds.
func (f *Factory) Invalidate(r *http.Request) error {
	if x := f.exchangeOf(r); x != nil {
		return x.invalidate(r.Context())
	}
	_, _, err := f.endCookies(r.Context(), r, r, r.Header["Cookie"])
	return err
}

// Close closes the store. Stores that Options.StoreFor returned are not closed.
func (f *Factory) Close() error {
	if f.store == nil {
		return nil
	}
	return f.store.Close()
}

// Format prints the factory without its secrets, whatever the verb.
func (Factory) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[session factory]") }

func (f *Factory) storeFor(r *http.Request) (Store, error) {
	if f.opts.StoreFor == nil {
		return f.store, nil
	}
	store, err := f.opts.StoreFor(r)
	if err == nil && store == nil {
		err = errors.New("the connector returned no store")
	}
	return store, storeError("connect", err)
}

// ErrPingPerRequest is returned by Ping when Options.StoreFor chooses the store: which
// one a request would get is not known without a request.
var ErrPingPerRequest = errors.New("session: ping: StoreFor chooses the store of each request; ping the stores that it returns")

// Ping checks that the store answers; it is for a readiness check. It sends one
// command to Redis, PING where the store is a Pinger, and otherwise the load of a key
// that has no record. The error wraps ErrUnavailable. With Options.StoreFor it is
// ErrPingPerRequest, and nothing is sent.
func (f *Factory) Ping(ctx context.Context) error {
	if f.opts.StoreFor != nil {
		return ErrPingPerRequest
	}
	if p, ok := f.store.(Pinger); ok {
		return storeError("ping", p.Ping(ctx))
	}
	_, err := f.store.Load(ctx, f.opts.Prefix+"redissessions.ping", 0)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return storeError("ping", err)
}
