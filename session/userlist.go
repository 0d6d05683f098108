package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Info describes a session of a user, for a page such as "Where you are logged in".
type Info struct {
	// Handle names the session in a form, for Factory.End. No cookie can be made of it.
	Handle string
	// Created and LoggedIn are when the session began and when Login was called, in UTC.
	Created, LoggedIn time.Time
	// LastSeen is when the session was last used, to within Options.TouchAfter. It is
	// zero when nothing tells it, as for a session without an idle timeout, and for one
	// whose absolute timeout comes before the end of its idle timeout.
	LastSeen time.Time
	// Expires is when the session ends if it is not used any more; zero for never.
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
		info := l.info
		info.Handle, info.Current = handle(hash, l.member, l.login), l.at.Key == current
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
		live[string(l.member)] = true
	}
	for _, e := range state.Entries {
		if !e.Until.IsZero() && e.Until.Before(p.f.now()) && !live[string(e.Member)] {
			found.dead = append(found.dead, e.Member)
		}
	}
	return found, p.removeEntries(ctx, key, found.dead)
}

// info returns what the record of a session tells. left is its time to live, or unknownTTL.
func (f *Factory) info(snap record.Snapshot, login time.Time, left time.Duration) Info {
	m, now := snap.Meta, f.now()
	idle := m.Idle.Or(f.opts.IdleTimeout)
	i := Info{Created: m.Created, LoggedIn: login, Remembered: idle > f.opts.IdleTimeout && f.opts.IdleTimeout > 0 || m.MaxAge.Set && m.MaxAge.Duration > 0}
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
	// Once the absolute timeout cuts the idle one short, the end does not tell when the
	// session was used. A second is for formats that keep whole ones.
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

// handle names an entry: by its time of login, which a renewal keeps, and by the member.
func handle(user record.UserHash, member []byte, login time.Time) string {
	front := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte("redissessions.login\x00"), user[:]...), uint64(login.UnixMilli())))
	back := sha256.Sum256(append([]byte("redissessions.member\x00"), member...))
	return hex.EncodeToString(front[:8]) + hex.EncodeToString(back[:16])
}

// End ends one session of a user, by the handle that Sessions returned for it. A session
// that was renewed since is found by its time of login. The error is ErrNotFound when the
// user has no such session.
func (f *Factory) End(ctx context.Context, user, name string) (err error) {
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
		at, member, login, ok := p.named(state, hash, name)
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

// named returns the entry with a handle. Where no entry has it as it is, the session may
// have been renewed: one entry with the same time of login is the same session's.
func (p place) named(state IndexState, hash record.UserHash, name string) (at record.Address, member []byte, login time.Time, ok bool) {
	const front = 16
	matches := 0
	for _, e := range state.Entries {
		a, t, valid := p.f.format.OfMember(e.Member)
		if !valid {
			continue
		}
		h := handle(hash, e.Member, t)
		if h == name {
			return a, e.Member, t, true
		}
		if len(name) == len(h) && h[:front] == name[:front] {
			at, member, login = a, e.Member, t
			matches++
		}
	}
	return at, member, login, matches == 1
}

// looked is an entry of a set, and what is at its record's key.
type looked struct {
	member []byte
	at     record.Address
	login  time.Time
	is     liveness
	next   *record.Address // where a marker leads to
	info   Info            // of a live session, but for what its entry and the request tell
	misses int
}

type liveness int

const (
	unread  liveness = iota
	isLive           // a session
	isMoved          // a marker: the session has another entry
	isGone           // there is no session at the key
	isOdd            // it cannot be read; it may be a session all the same
)

// surveyed are the entries of a set: of live sessions, and those that are to be removed.
// An entry in neither may be that of a login or a renewal under way.
type surveyed struct {
	live []*looked
	dead [][]byte
}

// endRounds bounds how often a set is listed again.
const endRounds = 10

// survey looks at the records of a set's entries, or of those that count for a login.
//
// An entry without a record is not always dead. A login and a renewal add the entry and the
// record at once, and a renewal closes the old record after that. So:
//
//   - a young entry may be that of a login whose record is yet to come: it is left alone;
//   - where a session with the same time of login lives, the entry may be that of its renewal,
//     whose record is yet to come: it is left alone;
//   - otherwise the session may have been renewed before its record was read, as where there is a
//     marker: its next entry is in the set by now, and the set is listed again. An entry
//     that has no record the second time either is dead.
func (p place) survey(ctx context.Context, key string, state IndexState, before *earlier) (surveyed, error) {
	known := map[string]*looked{}
	var odd [][]byte
	for range endRounds {
		var read []*looked
		for _, entry := range state.Entries {
			at, login, ok := p.f.format.OfMember(entry.Member)
			if !ok {
				odd = append(odd, entry.Member)
				continue
			}
			if !before.counts(entry.Member, at, login) {
				continue
			}
			l := known[string(entry.Member)]
			if l == nil {
				l = &looked{member: entry.Member, at: at, login: login}
				known[string(entry.Member)] = l
			}
			if l.is == unread || l.is == isGone && l.misses < 2 {
				read = append(read, l)
			}
		}
		if err := p.read(ctx, read); err != nil {
			return surveyed{}, err
		}
		for _, l := range read {
			if l.is == isMoved {
				before.note(l.next, l.login)
			}
		}
		if !p.again(known, read) {
			break
		}
		var err error
		if state, err = p.index.IndexList(ctx, key); err != nil {
			return surveyed{}, storeError("list sessions", err)
		}
	}
	s := surveyed{dead: odd}
	for _, l := range known {
		switch {
		case l.is == isLive:
			s.live = append(s.live, l)
		case l.is == isMoved, l.is == isGone && l.misses >= 2 && !p.f.young(l.login):
			s.dead = append(s.dead, l.member)
		}
	}
	return s, nil
}

// again counts what was missing, and reports whether the set must be listed again.
func (p place) again(known map[string]*looked, read []*looked) bool {
	living := map[time.Time]bool{}
	for _, l := range known {
		if l.is == isLive {
			living[l.login] = true
		}
	}
	again := false
	for _, l := range read {
		switch {
		case l.is == isMoved:
			again = true
		case l.is == isGone && !living[l.login]:
			l.misses++
			again = again || l.misses < 2
		}
	}
	return again
}

// mostTogether is how many records are read or ended in one round trip, and how many are
// kept in memory at once.
const mostTogether = 100

// read reads the records of entries.
func (p place) read(ctx context.Context, entries []*looked) error {
	for some := range slices.Chunk(entries, mostTogether) {
		keys := make([]string, len(some))
		for i, l := range some {
			keys[i] = l.at.Key
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

// look notes what there is at an entry's key.
func (p place) look(l *looked, rec Loaded) error {
	if errors.Is(rec.Err, ErrNotFound) {
		l.is = isGone
		return nil
	}
	if rec.Err != nil {
		return storeError("list sessions", rec.Err)
	}
	snap, err := p.f.format.Decode(l.at, rec.Record)
	switch {
	case errors.Is(err, ErrUndecodable):
		l.is = isOdd
	case err != nil:
		return err
	case snap.Successor != nil:
		l.is, l.next = isMoved, snap.Successor
	case snap.Ended, !p.f.lives(snap):
		l.is = isGone
	default:
		l.is, l.info = isLive, p.f.info(snap, l.login, rec.TTL)
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
