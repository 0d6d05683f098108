package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// lifetime returns the time to live of a session from now on: its idle
// timeout, or what is left until its absolute timeout, whichever is shorter.
// For both timeouts 0 is none; a result of 0 is no expiry. It reports false
// when the absolute timeout has passed.
func lifetime(now, created time.Time, idle, absolute time.Duration) (ttl time.Duration, alive bool) {
	if absolute <= 0 {
		return idle, true
	}
	left := min(created.Add(absolute).Sub(now), absolute) // a creation in the future counts as now
	if left <= 0 {
		return 0, false
	}
	if idle > 0 && idle < left {
		return idle, true
	}
	return left, true
}

// restartDue reports whether a time to live of which `left` remains should be
// restarted at full: when at least after has passed since the last restart, or
// half of full where that is no longer than after. A left or full of 0 is no
// expiry.
func restartDue(left, full, after time.Duration) bool {
	switch {
	case left == full:
		return false
	case left == 0 || full == 0:
		return true // one of them never expires: not a matter of time
	case left > full+time.Second:
		return true // a shorter timeout, or a cap, came into force; a second is for two clocks
	case after >= full:
		// Otherwise a session whose own timeout is short would end while it is used.
		return full-left >= full/2
	default:
		return full-left >= after
	}
}

// smallPart is how much of a timeout passes before it is restarted, where the restart
// takes a command of its own: a tenth, as with the Max-Age of a cookie, and at most an hour.
// A session may end sooner by that much.
func smallPart(full time.Duration) time.Duration { return min(full/10, time.Hour) }

// roundedUp is by how much a time in a record may be ahead of the clock that wrote
// it: pyramid_session_redis keeps whole seconds.
const roundedUp = time.Second

// fromTheFuture reports whether a time is ahead of this server's clock, so that the
// server that wrote it has another.
func fromTheFuture(now, t time.Time) bool { return t.Sub(now) > roundedUp }

// errOutdated is reported for a session that began before Options.ValidSince.
var errOutdated = fmt.Errorf("%w: it began before ValidSince (valid_since)", ErrNotFound)

// outdated reports whether a stored session began, or was logged in, before
// Options.ValidSince: the later counts. Where a
// record rounds its time of creation up, the earliest time that it may stand for counts.
func (f *Factory) outdated(m record.Meta) bool {
	if !m.Login.At.IsZero() {
		return m.Login.At.Before(f.opts.ValidSince)
	}
	return m.Created.Add(-f.createdLate()).Before(f.opts.ValidSince)
}

// createdLate is how much later than the truth a record may date the creation:
// pyramid_session_redis rounds it up to whole seconds.
func (f *Factory) createdLate() time.Duration {
	if f.opts.Format == FormatPyramidSessionRedis {
		return time.Second
	}
	return 0
}

// creation returns the time of creation of a session that begins now, to the
// millisecond. A session that begins after ValidSince is never dated before it.
func (f *Factory) creation(now time.Time) time.Time {
	created := now.Truncate(time.Millisecond).UTC()
	since := f.opts.ValidSince
	if since.IsZero() || now.Before(since) {
		return created
	}
	if least := since.Add(f.createdLate()).UTC(); created.Before(least) {
		created = least.Truncate(time.Millisecond)
		if created.Before(least) {
			created = created.Add(time.Millisecond)
		}
	}
	return created
}

// Expires returns when the session ends if no request uses it any more (idle), and
// when it ends however much it is used (absolute). The zero time is never. idle is
// never later than absolute; while a session has no idle timeout it is zero, also
// when absolute is not.
//
// A load restarts the idle timeout, so idle usually is Timeout after the load; where
// Options.TouchAfter says otherwise, and in a passive request (Options.Passive), it is
// what Redis, or the record, says is left. A new session, and one whose timeout this request has changed, count
// from now. In a passive request with a store that is no TTLLoader, idle is the latest
// time that is possible. A session that has ended returns the present as idle.
func (s *Session) Expires() (idle, absolute time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expires()
}

func (s *Session) expires() (idle, absolute time.Time) {
	if s.hasGone() {
		return s.f.now().UTC(), time.Time{}
	}
	if limit := s.f.opts.AbsoluteTimeout; limit > 0 {
		absolute = s.meta.Began().Add(limit)
	}
	switch {
	case s.idle() == 0:
	case s.guard == nil || s.metaSet.idle || s.idleEnds.IsZero():
		idle = s.restarted()
	default:
		idle = s.idleEnds
	}
	return idle, absolute
}

// restarted returns when the session ends if its idle timeout restarts now, zero for
// never.
func (s *Session) restarted() time.Time {
	now := s.f.now()
	ttl, alive := lifetime(now, s.meta.Began(), s.idle(), s.f.opts.AbsoluteTimeout)
	if alive && ttl == 0 {
		return time.Time{}
	}
	return now.Add(ttl).UTC()
}

// noteEnd keeps when a loaded record ends. left is its time to live in Redis, if the
// load has read it, expires the time in the record, if one counts.
func (s *Session) noteEnd(now time.Time, left time.Duration, expires time.Time) {
	s.idleEnds = time.Time{}
	switch {
	case s.due.ttl, s.due.expiry, s.due.record: // by the save of this request
		s.idleEnds = s.restarted()
		return
	case left > 0:
		s.idleEnds = now.Add(left).UTC()
	case left == unknownTTL && s.access != passive && !s.f.opts.ExpiryInRecord: // by the load
		s.idleEnds = s.restarted()
	}
	if !expires.IsZero() && (s.idleEnds.IsZero() || expires.Before(s.idleEnds)) {
		s.idleEnds = expires
	}
}

// expiryOf returns the time of expiry in a record as far as it counts, and
// whether it must be restarted with the session.
func (f *Factory) expiryOf(snap record.Snapshot) (expires time.Time, kept bool) {
	counts, written := f.format.Expiry()
	if !counts && !f.opts.ExpiryInRecord {
		return time.Time{}, false
	}
	expires = snap.Meta.Expires
	return expires, written || f.opts.ExpiryInRecord || !expires.IsZero()
}

// expiryDue is restartDue for a time of expiry that is kept in the record.
func expiryDue(now, expires time.Time, full, after time.Duration) bool {
	if expires.IsZero() || full == 0 {
		return expires.IsZero() != (full == 0)
	}
	return restartDue(expires.Sub(now), full, max(after, time.Millisecond))
}

// status is what StatusHandler answers.
type status struct {
	// Active reports whether the request's cookie opens a session.
	Active bool `json:"active"`
	// ExpiresIn is how many seconds are left, rounded, 0 without a session. It is null for
	// a session that never ends, and where the store does not tell (TTLLoader).
	ExpiresIn *int64 `json:"expires_in"`
}

// StatusHandler returns a handler for a page that tells its visitor "your session ends in
// two minutes":
//
//   - GET answers {"active":true,"expires_in":119}: whether there is a session, and the
//     seconds until it ends. It restarts nothing, in one round trip, and without a
//     cookie in none. HEAD is GET without the body.
//   - POST restarts the idle timeout, sends a rolling cookie again when it is due, and
//     answers the same. A POST from another site is refused with 403
//     (http.CrossOriginProtection): it must not keep a session alive.
//
// expires_in is null for a session that never ends, and 0 when there is none; a session
// that was renewed a moment ago does not count for the old cookie. Other methods are 405.
// No answer is cached. When the store fails, Options.ErrorHandler answers.
//
// The handler may be inside Factory.Handler or outside. Outside is cheaper; but middleware
// that reads the session of every request restarts the timeout before a GET looks at it.
// Inside CSRFProtection a POST needs the token.
func (f *Factory) StatusHandler() http.Handler {
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		varyCookie(w.Header(), new([1]string))
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			f.answerStatus(w, r)
		case http.MethodPost:
			if origins.Check(r) != nil {
				http.Error(w, "the request came from another site", http.StatusForbidden)
				return
			}
			f.extend(w, r)
		default:
			w.Header().Set("Allow", "GET, HEAD, POST")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		}
	})
}

// answerStatus looks at the session as a passive request does, beside the session that
// the request may have got already.
func (f *Factory) answerStatus(w http.ResponseWriter, r *http.Request) {
	in, app, cookies := r, r, r.Header["Cookie"]
	if x := f.exchangeOf(r); x != nil {
		in, app, cookies = x.in, x.r, x.cookies
	}
	store, err := f.storeFor(in)
	s := f.blankSession(in, store)
	s.app = app
	if err == nil {
		s.access = passive
	}
	if err = s.find(cookies, err); err != nil {
		f.statusFailed(w, r, err)
		return
	}
	writeStatus(w, r, s.status(false))
}

// extend restarts the idle timeout of the request's own session.
func (f *Factory) extend(w http.ResponseWriter, r *http.Request) {
	inside := f.exchangeOf(r) != nil
	s, err := f.Get(r)
	if err != nil {
		if !inside { // Handler answers otherwise
			f.statusFailed(w, r, err)
		}
		return
	}
	if err := s.Touch(r.Context()); err != nil && !errors.Is(err, ErrGone) && !errors.Is(err, ErrUnbound) {
		f.statusFailed(w, r, err)
		return
	}
	if !inside {
		if err := f.Save(w, r, s); err != nil && !errors.Is(err, ErrGone) {
			f.statusFailed(w, r, err)
			return
		}
	}
	s.mu.Lock()
	st := s.status(true)
	s.mu.Unlock()
	writeStatus(w, r, st)
}

func (f *Factory) statusFailed(w http.ResponseWriter, r *http.Request, err error) {
	f.logFailure(r, "session: no status", err)
	f.answer(w, r, err)
}

// status returns the status of a session. known says that its end is known, as it is
// unless a passive load could not read it. The caller holds the lock.
func (s *Session) status(known bool) status {
	none := int64(0)
	if s.state != isStored {
		return status{false, &none}
	}
	end, absolute := s.expires()
	if !known && s.idle() > 0 && s.idleEnds.IsZero() {
		end = time.Time{}
	} else if end.IsZero() {
		end = absolute
	}
	if end.IsZero() {
		return status{true, nil}
	}
	left := max(int64(end.Sub(s.f.now()).Round(time.Second)/time.Second), 0)
	return status{true, &left}
}

func writeStatus(w http.ResponseWriter, r *http.Request, st status) {
	body, err := json.Marshal(st)
	if err != nil { // not with these fields
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n'))
	}
}
