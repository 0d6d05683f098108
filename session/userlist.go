package session

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
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
	// zero when nothing tells it, as for a session without an idle timeout.
	LastSeen time.Time
	// Expires is when the session ends if it is not used any more; zero for never.
	Expires time.Time
	// Current is whether it is the session of the request that the context belongs to.
	Current bool
	// Remembered is whether the session lasts for longer than others, by Remember.
	Remembered bool
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
		info := f.info(l)
		info.Handle, info.Current = handle(hash, l.member, l.login), l.at.Key == current
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b Info) int { return b.LoggedIn.Compare(a.LoggedIn) })
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
	for _, e := range state.Entries {
		if !e.Until.IsZero() && e.Until.Before(p.f.now()) && !slices.ContainsFunc(found.live, func(l *looked) bool { return string(l.member) == string(e.Member) }) {
			found.dead = append(found.dead, e.Member)
		}
	}
	return found, p.removeEntries(ctx, key, found.dead)
}

// info returns what the record of a session tells.
func (f *Factory) info(l *looked) Info {
	m, now := l.snap.Meta, f.now()
	idle := m.Idle.Or(f.opts.IdleTimeout)
	i := Info{Created: m.Created, LoggedIn: l.login, Remembered: idle > f.opts.IdleTimeout && f.opts.IdleTimeout > 0 || m.MaxAge.Set && m.MaxAge.Duration > 0}
	if about, _, err := l.snap.Data.Get(aboutKey); err == nil {
		i.About, _ = about.(string)
	}
	end, _ := f.expiryOf(l.snap)
	if l.left > 0 {
		if left := now.Add(l.left).UTC(); end.IsZero() || left.Before(end) {
			end = left
		}
	}
	if idle > 0 && !end.IsZero() {
		i.LastSeen = end.Add(-idle)
		if i.LastSeen.Before(l.login) {
			i.LastSeen = l.login
		}
		if i.LastSeen.After(now) {
			i.LastSeen = now.UTC()
		}
	}
	if limit := f.opts.AbsoluteTimeout; limit > 0 {
		if absolute := m.Began().Add(limit); end.IsZero() || absolute.Before(end) {
			end = absolute
		}
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
func (f *Factory) End(ctx context.Context, user, name string) error {
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
		outcome, err := end.one(ctx, at, login)
		switch {
		case err != nil:
			return err
		case outcome == wasEnded:
			return p.removeEntries(ctx, key, [][]byte{member})
		case outcome == wasRenewed, outcome == wasBarred:
			if err := p.removeEntries(ctx, key, [][]byte{member}); err != nil || end.ended > 0 {
				return err
			}
		case outcome == wasAbsent:
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
