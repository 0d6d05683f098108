package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/userset"
)

// Info describes a session of a user, for a page such as "Where you are logged in".
type Info struct {
	// Handle names the session in a form, for Factory.End. No cookie can be made of it.
	Handle string
	// Created and LoggedIn are when the session began and when Login was called, in UTC.
	Created, LoggedIn time.Time
	// LastSeen is when the session was last used, to within Options.TouchAfter, of which the
	// default is up to an hour for a session that stays logged in. It is
	// zero when the record does not show it: for a session without an idle timeout, for
	// one whose absolute timeout comes before the end of its idle timeout, and with a store
	// that is no TTLLoader.
	LastSeen time.Time
	// Expires is when the session ends if it is not used any more; zero for never. With a
	// store that is no TTLLoader it is the latest time that is possible.
	Expires time.Time
	// Current is whether it is the session of the request that the context belongs to. It is
	// false where the request did not come through Factory.Handler.
	Current bool
	// Remembered is whether the session lasts for longer than others, by Remember.
	Remembered bool
	// Bound is whether the session is bound to its browser (Options.DeviceBound).
	Bound bool
	// About is what UserOptions.Describe returned at the login.
	About string
}

// Sessions returns the live sessions of a user, the last login first. It restarts no
// timeout. Entries of sessions that have gone are removed. It takes one round trip for the
// list and one for the records, which are read at once.
func (f *Factory) Sessions(ctx context.Context, user string) ([]Info, error) {
	if user == "" {
		return nil, errNoUser
	}
	p, err := f.placeFor(ctx)
	if err != nil {
		return nil, err
	}
	hash := f.userHash(user)
	found, err := p.list(ctx, f.setKey(hash))
	if err != nil {
		return nil, err
	}
	current := f.currentKey(ctx)
	infos := make([]Info, 0, len(found.live))
	for _, l := range found.live {
		info := l.Info
		info.Handle, info.Current = userset.Handle(hash, l.Member, l.Login), l.At.Key == current
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b Info) int {
		return cmp.Or(b.LoggedIn.Compare(a.LoggedIn), cmp.Compare(a.Handle, b.Handle))
	})
	return infos, nil
}

// list surveys a set and removes its dead entries.
func (p place) list(ctx context.Context, key string) (surveyed, error) {
	ctx, cancel := context.WithTimeout(ctx, p.f.opts.SaveTimeout)
	defer cancel()
	state, err := p.index.IndexList(ctx, key)
	if err != nil {
		return surveyed{}, storeError("list sessions", err)
	}
	found, err := p.survey(ctx, key, state, nil)
	if err != nil {
		return surveyed{}, err
	}
	live := map[string]bool{}
	for _, l := range found.live {
		live[string(l.Member)] = true
	}
	for _, e := range state.Entries {
		if !e.Until.IsZero() && e.Until.Before(p.f.now()) && !live[string(e.Member)] {
			found.dead = append(found.dead, e.Member)
		}
	}
	return found, p.removeEntries(ctx, key, found.dead)
}

// info returns the Info of a session by its record. left is its time to live, or unknownTTL.
func (f *Factory) info(snap record.Snapshot, login time.Time, left time.Duration) Info {
	m, now := snap.Meta, f.now()
	idle := m.Idle.Or(f.opts.IdleTimeout)
	longer := f.opts.IdleTimeout > 0 && (idle == 0 || idle > f.opts.IdleTimeout) // 0 is no timeout
	i := Info{Created: m.Created, LoggedIn: login, Remembered: longer || m.MaxAge.Set && m.MaxAge.Duration > 0}
	if about, _, err := snap.Data.Get(aboutKey); err == nil {
		i.About, _ = about.(string)
		i.About = strings.Clone(i.About) // the record is not kept for it
	}
	i.Bound = f.binding != nil && f.binding.Bound(m.Login.Device)
	end, _ := f.expiryOf(snap)
	if left > 0 {
		if left := now.Add(left).UTC(); end.IsZero() || left.Before(end) {
			end = left
		}
	}
	absolute := time.Time{}
	if limit := f.opts.AbsoluteTimeout; limit > 0 {
		absolute = m.Began().Add(limit)
	}
	// When the absolute timeout cuts the idle one short, the end does not depend on when the
	// session was last used. A second is for formats that keep whole ones.
	cut := !absolute.IsZero() && end.After(absolute.Add(-time.Second))
	if idle > 0 && !end.IsZero() && !cut {
		i.LastSeen = end.Add(-idle)
		if i.LastSeen.Before(login) {
			i.LastSeen = login
		}
		if i.LastSeen.After(now) {
			i.LastSeen = now.UTC()
		}
	}
	if left == unknownTTL && idle > 0 && end.IsZero() {
		end = now.Add(idle).UTC()
	}
	if !absolute.IsZero() && (end.IsZero() || absolute.Before(end)) {
		end = absolute
	}
	i.Expires = end
	return i
}

// currentKey is the key of the session of a context's request, if it was loaded.
func (f *Factory) currentKey(ctx context.Context) string {
	x := f.exchangeIn(ctx)
	if x == nil {
		return ""
	}
	x.mu.Lock()
	s := x.session
	x.mu.Unlock()
	if s == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at.Key
}

// End ends one session of a user, by the handle that Sessions returned for it. A session
// that was renewed since is found by its time of login. The error is ErrNotFound when the
// user has no such session.
func (f *Factory) End(ctx context.Context, user, handle string) (err error) {
	defer func() {
		if err != nil && !errors.Is(err, ErrNotFound) {
			f.ended(ctx, CauseRevoked, err)
		}
	}()
	if user == "" {
		return errNoUser
	}
	p, err := f.placeFor(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := f.writeContext(ctx)
	defer cancel()
	hash := f.userHash(user)
	key := f.setKey(hash)
	end := p.ending()
	for range endRounds {
		state, err := p.index.IndexList(ctx, key)
		if err != nil {
			return storeError("end a session", err)
		}
		at, member, login, ok := userset.Named(f.format, hash, membersOf(state), handle)
		if !ok {
			return ErrNotFound
		}
		t := &target{first: at, login: login, member: member}
		if err := end.all(ctx, []*target{t}); err != nil {
			return err
		}
		switch t.became {
		case wasMissing:
		case wasEnded:
			return p.removeEntries(ctx, key, [][]byte{member})
		case wasRenewed, wasBarred:
			if err := p.removeEntries(ctx, key, [][]byte{member}); err != nil || end.ended > 0 {
				return err
			}
		case wasAbsent:
			return errors.Join(ErrNotFound, p.removeEntries(ctx, key, [][]byte{member}))
		}
	}
	return ErrConflict
}

func membersOf(state IndexState) (members [][]byte) {
	for _, e := range state.Entries {
		members = append(members, e.Member)
	}
	return members
}

// looked is an entry of a set. Its Info, that of a live session, has no Handle and no Current
// yet: those come from the entry and the request.
type looked = userset.Entry[Info]

// surveyed are the entries of a set: of live sessions, and those that are to be removed.
// An entry in neither may be that of a login or a renewal under way.
type surveyed struct {
	live []*looked
	dead [][]byte
}

// endRounds bounds how often a set is listed again.
const endRounds = 10

// survey looks at the records of a set's entries, or of those that count for a login.
func (p place) survey(ctx context.Context, key string, state IndexState, before *userset.Earlier) (surveyed, error) {
	s := userset.Survey[Info]{Format: p.f.format, Before: before}
	for range endRounds {
		var read []*looked
		for _, entry := range state.Entries {
			if l := s.Due(entry.Member); l != nil {
				read = append(read, l)
			}
		}
		read = append(read, s.Links()...)
		if err := p.read(ctx, read); err != nil {
			return surveyed{}, err
		}
		if !s.Again(read) {
			break
		}
		var err error
		if state, err = p.index.IndexList(ctx, key); err != nil {
			return surveyed{}, storeError("list sessions", err)
		}
	}
	live, dead := s.Result(p.f.young)
	return surveyed{live, dead}, nil
}

// mostTogether is how many records are read or ended in one round trip, and how many are
// kept in memory at once.
const mostTogether = 100

// read reads the records of entries.
func (p place) read(ctx context.Context, entries []*looked) error {
	for some := range slices.Chunk(entries, mostTogether) {
		keys := make([]string, len(some))
		for i, l := range some {
			keys[i] = l.At.Key
		}
		loaded, err := p.loadEach(ctx, keys)
		if err != nil {
			return storeError("list sessions", err)
		}
		for i, l := range some {
			if err := p.look(l, loaded[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// look sets an entry to what is at its key.
func (p place) look(l *looked, rec Loaded) error {
	if errors.Is(rec.Err, ErrNotFound) {
		l.Is = userset.Gone
		return nil
	}
	if rec.Err != nil {
		return storeError("list sessions", rec.Err)
	}
	snap, err := p.f.format.Decode(l.At, rec.Record)
	switch {
	case errors.Is(err, ErrUndecodable):
		l.Is = userset.Odd
	case err != nil:
		return err
	case snap.Successor != nil:
		l.Is, l.Next = userset.Moved, snap.Successor
	case snap.Ended, !p.f.lives(snap):
		l.Is = userset.Gone
	default:
		l.Is, l.Info = userset.Live, p.f.info(snap, l.Login, rec.TTL)
	}
	return nil
}

// loadEach reads records without restarting their times to live.
func (p place) loadEach(ctx context.Context, keys []string) ([]Loaded, error) {
	if b, ok := p.store.(BatchStore); ok && len(keys) > 1 {
		return b.LoadEach(ctx, keys)
	}
	loaded := make([]Loaded, len(keys))
	inParallel(len(keys), func(i int) {
		l := &loaded[i]
		if t, ok := p.store.(TTLLoader); ok {
			l.Record, l.TTL, l.Err = t.LoadTTL(ctx, keys[i])
			return
		}
		l.Record, l.Err = p.store.Load(ctx, keys[i], 0)
		l.TTL = unknownTTL
	})
	return loaded, nil
}

// lives reports whether a stored session has not ended by the times in its record.
func (f *Factory) lives(snap record.Snapshot) bool {
	now := f.now()
	_, alive := lifetime(now, snap.Meta.Began(), snap.Meta.Idle.Or(f.opts.IdleTimeout), f.opts.AbsoluteTimeout)
	expires, _ := f.expiryOf(snap)
	return alive && !f.outdated(snap.Meta) && (expires.IsZero() || now.Before(expires))
}

// mostMembers is how many members one command removes: it keeps the server busy for
// milliseconds.
const mostMembers = 5000

func (p place) removeEntries(ctx context.Context, key string, members [][]byte) error {
	for some := range slices.Chunk(members, mostMembers) {
		if err := p.index.IndexRemove(ctx, key, some...); err != nil {
			return storeError("index", err)
		}
	}
	return nil
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
