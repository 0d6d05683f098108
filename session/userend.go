package session

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// EndAll ends all sessions of a user, and returns how many it ended. Whoever had logged in
// before it began is out when it returns: no request in flight, no renewal and no login
// that is half done brings a session back, and a login with a ticket that was drawn before
// fails. Logins that begin later are not touched. It does not end with ctx.
//
// When it fails, call it again: it misses nothing that it has not ended.
func (f *Factory) EndAll(ctx context.Context, user string) (int, error) {
	if user == "" {
		return 0, errNoUser
	}
	p, err := f.placeFor(ctx)
	if err != nil {
		return 0, err
	}
	return p.endAll(ctx, f.setKey(f.userHash(user)), "")
}

// EndLabel ends all sessions whose Login had the label, as EndAll does: OpenID Connect's
// back-channel logout gives the sid.
func (f *Factory) EndLabel(ctx context.Context, name, value string) (int, error) {
	p, err := f.placeFor(ctx)
	if err != nil {
		return 0, err
	}
	return p.endAll(ctx, f.setKey(f.labelHash(name, value)), "")
}

// endAll ends the sessions of a set, but for the one at a key.
//
// The epoch is written before the set is read, so that a login with a ticket either finds
// another epoch or is in the set. Entries are removed last: when a record could not be
// removed, the next try finds it by its entry.
func (p place) endAll(ctx context.Context, key, spare string) (int, error) {
	ctx, cancel := p.f.writeContext(ctx)
	defer cancel()
	end := p.ending()
	end.spare = spare
	next, err := newEpoch()
	if err != nil {
		return 0, err
	}
	state, err := p.index.IndexClose(ctx, key, next, max(epochLife, 2*p.f.opts.SaveTimeout))
	if err != nil {
		return 0, storeError("end sessions", err)
	}
	var gone [][]byte
	for round := range endRounds {
		var at []record.Address
		var logins []time.Time
		var members [][]byte
		for _, entry := range state.Entries {
			a, login, ok := p.f.format.OfMember(entry.Member)
			switch {
			case !ok: // no session has such an entry
			case a.Key == spare, end.done[a.Key], !end.counts(round, login):
			default:
				at, logins, members = append(at, a), append(logins, login), append(members, entry.Member)
			}
		}
		if len(at) == 0 {
			return end.ended, p.removeEntries(ctx, key, gone)
		}
		again := false
		var errs []error
		for i := range at {
			outcome, err := end.one(ctx, at[i], logins[i])
			if err != nil {
				errs = append(errs, err)
				continue
			}
			again = again || outcome != wasEnded
			if outcome != wasMissing {
				end.done[at[i].Key] = true
				gone = append(gone, members[i])
			}
		}
		if err := errors.Join(errs...); err != nil {
			return end.ended, err
		}
		if !again {
			return end.ended, p.removeEntries(ctx, key, gone)
		}
		if state, err = p.index.IndexList(ctx, key); err != nil {
			return end.ended, storeError("end sessions", err)
		}
	}
	return end.ended, ErrConflict
}

// newEpoch draws an epoch.
func newEpoch() (Epoch, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return FirstEpoch + Epoch(binary.BigEndian.Uint64(b[:])%uint64(FirstEpoch)), nil
}

// ending ends sessions by their entries.
type ending struct {
	place
	began  time.Time
	spare  string          // the key of the session that goes on
	missed map[string]bool // keys without a record, once
	done   map[string]bool // keys with which there is nothing more to do
	logins map[time.Time]bool
	ended  int
}

func (p place) ending() *ending {
	return &ending{place: p, began: p.f.now(), missed: map[string]bool{}, done: map[string]bool{}, logins: map[time.Time]bool{}}
}

// counts reports whether an entry is to be ended that a listing of that round brought: all
// of the first one. Later ones bring renewals of those, which keep their time of login, and
// logins that began after the sessions were ended, which go on.
func (e *ending) counts(round int, login time.Time) bool {
	if round == 0 {
		e.logins[login] = true
	}
	return e.logins[login] || !login.After(e.began)
}

// outcome is what became of an entry.
type outcome int

const (
	wasEnded   outcome = iota // its session was removed
	wasRenewed                // it was a marker: its session was removed elsewhere
	wasBarred                 // there was nothing, and now there is a tombstone
	wasMissing                // there was nothing, which must be seen again
	wasAbsent                 // there was nothing, again
)

// one ends the session of an entry. A marker is followed, but not to the session that is
// spared. Where there is no record, a login may be half done when it is young: a tombstone
// keeps its record from being created. Otherwise the session may have been renewed a moment
// ago, and its next entry is in the set by now.
func (e *ending) one(ctx context.Context, at record.Address, login time.Time) (outcome, error) {
	first, followed := at, false
	for ctx.Err() == nil {
		err := e.removeLive(ctx, at, login)
		conflict, ok := errors.AsType[*ConflictError](err)
		switch {
		case err == nil:
			e.ended++
			e.done[at.Key] = true
			if followed {
				return wasRenewed, nil
			}
			return wasEnded, nil
		case errors.Is(err, errTombstone):
			return wasBarred, nil
		case errors.Is(err, ErrNotFound) && followed:
			return wasRenewed, nil
		case errors.Is(err, ErrNotFound) && e.f.young(login):
			err := e.bar(ctx, first)
			if errors.Is(err, ErrExists) {
				continue // the login has gone on meanwhile
			}
			return wasBarred, err
		case errors.Is(err, ErrNotFound) && e.missed[first.Key]:
			return wasAbsent, nil
		case errors.Is(err, ErrNotFound):
			e.missed[first.Key] = true
			return wasMissing, nil
		case !ok:
			return 0, storeError("end a session", err)
		}
		next := e.f.successorOf(at, conflict.Current)
		if next == nil {
			// It has changed since it was read, or is a session of nobody's.
			if e.f.format.Live() == nil {
				continue
			}
			switch err := e.store.Remove(ctx, at.Key, conflict.Current); {
			case err == nil:
				e.ended++
				return wasEnded, nil
			case !isOvertaken(err):
				return 0, storeError("end a session", err)
			}
			continue
		}
		at, followed = *next, true
		if at.Key == e.spare || e.done[at.Key] {
			return wasRenewed, nil
		}
	}
	return 0, storeError("end a session", ctx.Err())
}

var errTombstone = errors.New("session: there is a tombstone")

// removeLive removes the record at an address, unless it is a marker, which is a conflict,
// or a tombstone. In the Pyramid formats nothing at the front of a record tells that it is
// no tombstone: one that may be is read first.
func (e *ending) removeLive(ctx context.Context, at record.Address, login time.Time) error {
	guard := e.f.format.LiveLoggedIn()
	if e.f.binding != nil {
		guard = e.f.format.LiveBound()
	}
	if guard == nil && e.f.young(login) {
		rec, err := e.store.Load(ctx, at.Key, 0)
		if err != nil {
			return err
		}
		if snap, err := e.f.format.Decode(at, rec); err == nil && snap.Ended {
			return errTombstone
		}
		guard = rec
	}
	err := e.store.Remove(ctx, at.Key, guard)
	conflict, ok := errors.AsType[*ConflictError](err)
	if !ok {
		return err
	}
	snap, decodeErr := e.f.format.Decode(at, conflict.Current)
	switch {
	case decodeErr == nil && snap.Ended:
		return errTombstone
	case errors.Is(decodeErr, ErrCrossedReply):
		return decodeErr
	}
	return err
}

// bar puts a tombstone where a login is about to create its record.
func (e *ending) bar(ctx context.Context, at record.Address) error {
	now, life := e.f.now(), max(markerTTL, 2*e.f.opts.SaveTimeout)
	stone := e.f.format.Tombstone(at, record.Meta{Created: now, Expires: now.Add(life)})
	err := e.store.Create(ctx, at.Key, stone, life)
	if errors.Is(err, ErrExists) {
		return err
	}
	return storeError("end a session", err)
}
