// Package session holds one visitor's state across requests, stored in Redis,
// with the session API of Pyramid.
//
// Most programs get a [Factory] from
// [github.com/pyramidgo/redissessions/factory.FromFile], wrap their
// handlers with [Factory.Handler], and call [FromRequest] where they need the
// visitor's [Session]:
//
//	func hello(w http.ResponseWriter, r *http.Request) {
//		s, err := session.FromRequest(r)
//		if err != nil {
//			return // the Handler answers: 503 when Redis is down
//		}
//		session.Modify(s, "visits", func(n int) int { return n + 1 })
//		n, _ := session.Value[int](s, "visits")
//		fmt.Fprintf(w, "visit %d", n)
//	}
//
// Nothing is sent to Redis before FromRequest, no key is made for a visitor who only
// reads, and the session is saved once, just before the first byte of the
// response. A save never overwrites what another request has saved meanwhile:
// the request's own changes are applied again to the current record. A session
// that was invalidated stays gone.
//
// The package knows no Redis client: it works on a [Store].
package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/overlay"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Session is one visitor's state for one request. Its methods are those of
// Pyramid's ISession and of a dict. It is safe for use by several goroutines of
// its request; access to values that are changed in place is for the
// application to synchronize.
//
// A Session prints as [session], whatever the verb, so that its ID and data do not
// get into logs.
type Session struct {
	f     *Factory
	r     *http.Request // for the hooks
	app   *http.Request // the application's, for the observer
	store Store

	mu    sync.Mutex
	ids   candidates // of the request's cookies
	lines []string   // the request's Cookie lines
	known string     // the ID that the browser has, "" when it has none
	current

	access     access      // what a load does to the idle timeout
	endedHere  bool        // a session was ended by this request
	header     http.Header // for AllowCookie: before the header is sent, as it was when the request came in
	headerSent bool
	unsaved    error            // why the error handler answers in place of the page
	failed     [stepCount]error // of the steps whose failure the page must not hide
	refused    bool             // it is logged that the response may not have the cookie
	proved     bool             // the request need not prove that the session is bound to its browser
	offer      bool             // the response offers to bind the session

	onces map[string]*once // the calls of Once in this request, by key
	// For the observer: of the operation that is under way, or was last.
	tries, size int
	siblings    int // how many sessions the user had after the login
}

// current is what a Session holds of one session. Invalidate, and a Renew or a Login where the
// session has gone, put that of a new session in its place.
type current struct {
	id string // "" until a new session has been saved
	at record.Address
	// predecessor is where the session was that another request had renewed, when
	// this one began in its place.
	predecessor record.Address
	guard       []byte // of the stored record; nil while nothing is stored
	whole       []byte // the stored record, see priorRecord
	data        overlay.Overlay
	meta        record.Meta // with this request's changes
	metaSet     struct{ idle, maxAge, login bool }
	isNew       bool
	changed     bool      // Changed was called
	unseen      bool      // the request changed a session whose record it could not see
	due         due       // what a save is to restart, also when no key has changed
	idleEnds    time.Time // when the stored record ends if it is not used; zero when unknown
	state       state
	why         error        // of an ended, renewed or unavailable session
	cookie      cookieAction // what the response does about the session's cookie
	signed      string       // the cookie's value, once it was made
}

// state is what the request knows of the session's record.
type state uint8

const (
	isNotStored   state = iota // there is none yet
	isStored                   // it was loaded or saved
	isEnded                    // it has gone
	isRenewed                  // it has gone because another request renewed the session, whose cookie stays
	isUnavailable              // the store did not answer
	isUnbound                  // it is bound to a browser, and the request does not prove that it comes from there
)

// due is what a load has found to be restarted by the save.
type due struct {
	ttl    bool // the time to live in Redis
	expiry bool // the time of expiry in the record
	record bool // all of the record: it was written under settings that are on their way out
	cookie bool // the cookie's Max-Age: it is sent again, and the record notes that
}

// cookieAction is what the response must do about the session's cookie.
type cookieAction int

const (
	cookieKeep cookieAction = iota
	cookieSet
	cookieDelete
)

// newSession returns a session that is stored nowhere yet.
func (f *Factory) newSession(r *http.Request, store Store) *Session {
	s := f.blankSession(r, store)
	s.begin()
	return s
}

// blankSession returns a session that is yet to be loaded, or to begin.
func (f *Factory) blankSession(r *http.Request, store Store) *Session {
	s := &Session{f: f, r: r, store: store}
	s.isNew = true
	s.data = overlay.New(f.format.Layout(), (*damages)(s))
	return s
}

// begin makes a blank session a new one.
func (s *Session) begin() { s.meta.Created = s.f.creation(s.f.now()) }

// reset makes s a new session. Its predecessor, and what the response does about the cookie,
// stay. The caller holds the lock.
func (s *Session) reset() {
	s.current = current{predecessor: s.predecessor, cookie: s.cookie, isNew: true}
	s.data = overlay.New(s.f.format.Layout(), (*damages)(s))
	s.begin()
}

// fill makes s the session that snap holds.
func (s *Session) fill(id string, at record.Address, snap record.Snapshot) {
	s.id, s.known, s.at, s.isNew, s.state = id, id, at, false, isStored
	s.adopt(snap)
	s.data.Load(snap.Data)
}

// adopt takes over a stored state, but for the data.
func (s *Session) adopt(snap record.Snapshot) {
	s.guard, s.whole = snap.Guard, snap.Whole
	m := snap.Meta
	if s.metaSet.idle {
		m.Idle = s.meta.Idle
	}
	if s.metaSet.maxAge {
		m.MaxAge = s.meta.MaxAge
	}
	if s.metaSet.login {
		m.Login = s.meta.Login
	}
	s.meta = m
}

// ID returns the session's ID, or "" for a new session that has not been
// saved. It is a secret: a cookie made of it opens the session.
func (s *Session) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// IsNew reports whether the session began with this request.
func (s *Session) IsNew() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isNew
}

// Created returns when the session began, in UTC, to the millisecond.
func (s *Session) Created() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta.Created
}

// Timeout returns the session's idle timeout, 0 when it has none.
func (s *Session) Timeout() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle()
}

func (s *Session) idle() time.Duration { return s.meta.Idle.Or(s.f.opts.IdleTimeout) }

// AdjustTimeout sets the idle timeout of this session, which is kept with it; 0 is no
// timeout. It is pyramid_redis_sessions'
// adjust_timeout_for_session. A negative duration has passed already and is
// taken as the shortest there is. Pyramid's sessions keep whole seconds: what is
// left of one is rounded up. Those of pyramid_redis_sessions always end: there 0
// is ten years.
func (s *Session) AdjustTimeout(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adjustTimeout(d)
}

func (s *Session) adjustTimeout(d time.Duration) {
	s.edited()
	if d < 0 {
		d = time.Millisecond
	}
	if adjusted := (record.Override{Set: true, Duration: s.f.format.Idle(d)}); adjusted != s.meta.Idle {
		s.meta.Idle, s.metaSet.idle = adjusted, true
	}
}

// AdjustCookieMaxAge sets the lifetime of this session's cookie, which is kept with the
// session, in whole seconds; 0 is browser scope. Browsers keep no
// cookie longer than MaxCookieAge. The cookie of an active visitor is sent again when a
// tenth of it has passed. The records of the Pyramid formats have no field for it:
// there it holds for the cookies of this request.
func (s *Session) AdjustCookieMaxAge(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adjustCookieMaxAge(d)
}

func (s *Session) adjustCookieMaxAge(d time.Duration) {
	s.edited()
	d = record.WholeCookieAge(d)
	if adjusted := (record.Override{Set: true, Duration: d}); adjusted != s.meta.MaxAge {
		s.meta.MaxAge, s.metaSet.maxAge = adjusted, true
		if s.id != "" {
			s.cookie = cookieSet
		}
	}
}

// Remember keeps the visitor logged in: both the session and its cookie last
// for d after the last request, or the last new cookie. The session may end sooner by a
// tenth of d, and at most by an hour: see Options.TouchAfter.
func (s *Session) Remember(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adjustTimeout(d)
	s.adjustCookieMaxAge(d)
}

// Forget takes back Remember: the timeout and the lifetime of the cookie are the
// factory's again.
func (s *Session) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited()
	if s.meta.Idle.Set {
		s.meta.Idle, s.metaSet.idle = record.Override{}, true
	}
	if s.meta.MaxAge.Set {
		s.meta.MaxAge, s.metaSet.maxAge = record.Override{}, true
		if s.id != "" {
			s.cookie = cookieSet
		}
	}
}

// edited is called by every method that changes the session. When the session has ended,
// or the store did not answer, the session reads as an empty one, in which a Delete, say,
// changes nothing. A save would send nothing and succeed, although the record may have the
// key. So edited sets unseen, which makes the save fail with why.
func (s *Session) edited() { s.unseen = s.unseen || s.why != nil }

// hasGone reports whether the record turned out to have gone.
func (s *Session) hasGone() bool { return s.state == isEnded || s.state == isRenewed }

// become gives the session a state in which nothing of it can be saved, and returns why.
func (s *Session) become(st state, why error) error {
	s.state, s.why = st, why
	return why
}

// Format prints the session without its ID and data, whatever the verb.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[session]") }

// LogValue logs the session without its ID and data.
func (s *Session) LogValue() slog.Value { return slog.StringValue("[session]") }

// damages is the session as its overlay knows it.
type damages Session

// Damaged reports a value that cannot be decoded.
func (s *damages) Damaged(key string, err error) {
	s.f.invalid(s.r, s.app, fmt.Errorf("session: the value at key %q counts as absent: %w", key, err))
}

// writeContext returns the context of commands that must not end with the
// request: they run to their end when the client hangs up.
func (f *Factory) writeContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), f.opts.SaveTimeout)
}
