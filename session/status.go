package session

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

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
	in, cookies := r, r.Header["Cookie"]
	if x := f.exchangeOf(r); x != nil {
		in, cookies = x.in, x.cookies
	}
	store, err := f.storeFor(in)
	s := f.blankSession(in, store)
	if err == nil {
		s.access = passive
		err = s.loadFromCookies(cookies)
	}
	if err != nil {
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
	if err := s.Touch(r.Context()); err != nil && !errors.Is(err, ErrGone) {
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
