package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// UserOptions says how sessions are kept by user (Options.Users). The zero value lists and
// ends them, without a cap. The store must be a UserIndex.
type UserOptions struct {
	// Max is how many sessions a user may have at once. The default, 0, is any number.
	// On a Cluster, and with a store that is no EntryStore, a login then takes one round
	// trip more, because the new session must be stored before the others are counted.
	Max int
	// WhenFull says what a login beyond Max does: EndOldest, the default, or Refuse.
	WhenFull WhenFull
	// Describe returns what Info.About says of a session, at its login: the browser's
	// name, say. What it returns is stored with the session: the default, nil, stores
	// nothing. It must not ask for the session.
	Describe func(*http.Request) string
	// Lease is for how much longer than its idle timeout a session's entry in the index
	// counts; it is renewed when half of it is over. The default, 0, is an hour or twice
	// the idle timeout, whichever is longer. The clocks of servers must agree to within
	// half of it.
	Lease time.Duration
}

// WhenFull says what a login does when its user has UserOptions.Max sessions already.
type WhenFull int

const (
	// EndOldest ends the user's session whose login is the longest time ago.
	EndOldest WhenFull = iota
	// Refuse makes Session.Login return ErrTooManySessions.
	Refuse
)

func checkUsers(store Store, o *UserOptions) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, optionError("Users", format, args...)) }
	if o == nil {
		return nil
	}
	if _, ok := store.(UserIndex); store != nil && !ok {
		wrong("the store keeps no sessions by user: it is no UserIndex")
	}
	if o.Max < 0 {
		wrong("its Max is %d; give the number of sessions that a user may have at once, or 0 for any number", o.Max)
	}
	if o.WhenFull != EndOldest && o.WhenFull != Refuse {
		wrong("its WhenFull is %d; there are EndOldest and Refuse", int(o.WhenFull))
	}
	if o.Lease < 0 {
		wrong("its Lease is %s, which is negative", o.Lease)
	}
	return errors.Join(errs...)
}

// The keys under which a session's data hold whose it is, what Describe returned, and the
// hashes of its labels.
const (
	userKey   = "_user_"
	aboutKey  = "_about_"
	labelsKey = record.LabelsKey
)

// User returns whose session it is: the text that Login was given, or "" when nobody has
// logged in, and after Clear.
func (s *Session) User() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user()
}

func (s *Session) user() string {
	if s.meta.Login.At.IsZero() {
		return ""
	}
	v, _ := s.data.Get(userKey)
	user, _ := v.(string)
	return user
}

// LoginTime returns when Login was called, in UTC, to the millisecond: "was the password
// typed in the last ten minutes?" It is the zero time when User is "".
func (s *Session) LoginTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user() == "" {
		return time.Time{}
	}
	return s.meta.Login.At
}

// userHash names a user in the index.
func (f *Factory) userHash(user string) record.UserHash {
	return record.HashUser(f.opts.Cookie.Name, user)
}

// labelHash names a label in the index.
func (f *Factory) labelHash(name, value string) record.UserHash {
	b := []byte("redissessions.label")
	for _, part := range []string{f.opts.Cookie.Name, name, value} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(part))), part...)
	}
	sum := sha256.Sum256(b)
	return record.UserHash(sum[:])
}

// setKey is the key of a user's set, or of a label's.
func (f *Factory) setKey(h record.UserHash) string {
	return record.IndexKey(cmp.Or(f.opts.Prefix, DefaultPrefix), h)
}

// place is a store with an index, for one operation on a user's sessions.
type place struct {
	f     *Factory
	store Store
	index UserIndex
}

// place returns the store of a request, and its index.
func (f *Factory) place(store Store) (place, error) {
	index, ok := store.(UserIndex)
	if f.opts.Users == nil || !ok {
		return place{}, ErrNoUserIndex
	}
	return place{f, store, index}, nil
}

// placeFor is place for the store of the request that a context belongs to.
func (f *Factory) placeFor(ctx context.Context) (place, error) {
	if f.opts.Users == nil {
		return place{}, ErrNoUserIndex
	}
	if f.opts.StoreFor == nil {
		return f.place(f.store)
	}
	x := f.exchangeIn(ctx)
	if x == nil {
		return place{}, errNoRequest
	}
	store, err := f.storeFor(x.in)
	if err != nil {
		return place{}, err
	}
	return f.place(store)
}

var errNoRequest = errors.New("session: the store is chosen by the request (StoreFor, custom_connect), and this context belongs to none: pass the context of a request that came through Factory.Handler")

// exchangeIn returns the exchange of a request's context, nil when there is none.
func (f *Factory) exchangeIn(ctx context.Context) *exchange {
	x := innermost(ctx)
	for x != nil && x.f != f {
		x = x.outer
	}
	return x
}

var errNoUser = errors.New("session: the user is empty: give the text that names the user, such as an ID from the database")

// loginTimes gives no two logins of a user the same time. A renewal keeps its session's time
// of login: by it the handle of a session finds the session after a renewal, and a login
// that ends the oldest sessions tells a renewal from a login. Two processes may
// still give the same time, when one user logs in at both in one millisecond.
type loginTimes struct {
	mu   sync.Mutex
	last map[record.UserHash]time.Time
}

// next returns the time of a login: at, or the first millisecond that is free after it.
func (l *loginTimes) next(user record.UserHash, at time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) >= mostLogins {
		maps.DeleteFunc(l.last, func(_ record.UserHash, last time.Time) bool { return last.Before(at) })
	}
	if l.last == nil {
		l.last = map[record.UserHash]time.Time{}
	}
	// Further ahead are logins of before the clock was put back.
	if last, ok := l.last[user]; ok && !last.Before(at) && last.Sub(at) < time.Second {
		at = last.Add(time.Millisecond)
	}
	l.last[user] = at
	return at
}

// mostLogins is how many users' last logins are kept before those that are over are dropped.
const mostLogins = 1000

// young reports whether a login at that time may still be under way: its entry may be
// there before its record.
func (f *Factory) young(login time.Time) bool {
	return f.now().Sub(login) < 2*f.opts.SaveTimeout
}
