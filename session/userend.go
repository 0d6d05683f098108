package session

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/userset"
)

// EndAll ends all sessions of a user, and returns how many it ended. When it returns, the
// sessions of all logins before it began are gone: no request in flight, no renewal and no login
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
// back-channel logout gives the sid. No session has a label without a name or a value: to
// end those would be to end none, and is an error.
func (f *Factory) EndLabel(ctx context.Context, name, value string) (int, error) {
	if name == "" || value == "" {
		return 0, fmt.Errorf("session: EndLabel: %w", errNoLabel)
	}
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
func (p place) endAll(ctx context.Context, key, spare string) (n int, err error) {
	defer func() {
		if err != nil {
			p.f.ended(ctx, CauseRevoked, err)
		}
	}()
	ctx, cancel := p.f.writeContext(ctx)
	defer cancel()
	end := p.ending()
	end.spare = spare
	next, err := newEpoch()
	if err != nil {
		return 0, err
	}
	keep := max(epochLife, 2*p.f.opts.SaveTimeout)
	state, err := p.index.IndexClose(ctx, key, next, keep)
	if err != nil {
		return 0, storeError("end sessions", err)
	}
	var gone [][]byte
	endless := len(state.Entries) == 0 // where a logout has removed the last one, say
	defer func() {
		// A member without an end has let the key expire in the far future. When none is left,
		// the key is to go with its epoch.
		if index, ok := p.index.(IndexShortener); ok && err == nil && endless && spare == "" {
			if err := index.IndexShorten(ctx, key, keep); err != nil {
				p.f.opts.Logger.Warn("session: the index of a user without sessions stays in Redis", errorAttr(err))
			}
		}
	}()
	for round := range endRounds {
		var targets []*target
		for _, entry := range state.Entries {
			a, login, ok := p.f.format.OfMember(entry.Member)
			endless = endless || entry.Until.IsZero()
			switch {
			case !ok: // no session has such an entry
			case a.Key == spare, end.done[a.Key], !end.counts(round, login):
			default:
				targets = append(targets, &target{first: a, login: login, member: entry.Member})
			}
		}
		if len(targets) == 0 {
			return end.ended, p.removeEntries(ctx, key, gone)
		}
		if err := end.all(ctx, targets); err != nil {
			return end.ended, err
		}
		again := false
		for _, t := range targets {
			again = again || t.became != wasEnded
			if t.became != wasMissing {
				end.done[t.first.Key] = true
				gone = append(gone, t.member)
			}
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
	cause  Cause
	before *userset.Earlier // of a login that ends the oldest, which follows no markers
	spare  string           // the key of the session that goes on
	missed map[string]bool  // keys without a record, once
	done   map[string]bool  // keys with which there is nothing more to do
	logins map[time.Time]bool
	ended  int
}

func (p place) ending() *ending {
	return &ending{place: p, cause: CauseRevoked, began: p.f.now(), missed: map[string]bool{}, done: map[string]bool{}, logins: map[time.Time]bool{}}
}

// counts reports whether an entry of a listing is to be ended. All of the first listing are.
// A later one also has new entries: those of renewals, which have a time of login that was
// in the first one, or is from before, are ended; those of logins that began later are not.
func (e *ending) counts(round int, login time.Time) bool {
	if round == 0 {
		e.logins[login] = true
	}
	return e.logins[login] || !login.After(e.began)
}

// count counts a session that was ended, and reports it to the observer.
func (e *ending) count(ctx context.Context) {
	e.ended++
	e.f.ended(ctx, e.cause, nil)
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

// target is an entry whose session is to be ended.
type target struct {
	first  record.Address // where the entry says it is
	login  time.Time
	member []byte

	at     record.Address // where the markers have led to
	over   bool
	became outcome
	err    error
}

func (t *target) followed() bool { return t.at.Key != t.first.Key }

func (t *target) end(became outcome) { t.over, t.became = true, became }

// all ends the sessions of entries: those of up to a hundred at once, in one round trip for
// all of them and one more for each further thing to do about any. It returns the first
// error.
func (e *ending) all(ctx context.Context, targets []*target) error {
	for some := range slices.Chunk(targets, mostTogether) {
		for _, t := range some {
			t.at = t.first
		}
		for open := some; len(open) > 0; {
			if err := ctx.Err(); err != nil {
				return storeError("end a session", err)
			}
			if err := e.step(ctx, open); err != nil {
				return err
			}
			open = slices.DeleteFunc(slices.Clone(open), func(t *target) bool { return t.over })
		}
		for _, t := range some {
			if t.err != nil {
				return storeError("end a session", t.err)
			}
		}
	}
	return nil
}

// step tries to remove the records at the targets' addresses. A
// marker is followed, but not to the session that is spared. Where there is no record, a
// login may be half done when it is young: a tombstone keeps its record from being created.
// Otherwise the session may have been renewed a moment ago, and its next entry is in the
// set by now.
func (e *ending) step(ctx context.Context, open []*target) error {
	results, err := e.removeLive(ctx, open)
	if err != nil {
		return storeError("end sessions", err)
	}
	var barred []*target
	for i, t := range open {
		conflict, isConflict := errors.AsType[*ConflictError](results[i])
		switch err := results[i]; {
		case err == nil:
			e.count(ctx)
			e.done[t.at.Key] = true
			t.end(wasEnded)
			if t.followed() {
				t.became = wasRenewed
			}
		case errors.Is(err, errTombstone):
			t.end(wasBarred)
		case errors.Is(err, errLaterLogin):
			t.end(wasRenewed)
		case errors.Is(err, ErrNotFound) && t.followed():
			t.end(wasRenewed)
		case errors.Is(err, ErrNotFound) && e.f.young(t.login):
			barred = append(barred, t)
		case errors.Is(err, ErrNotFound) && e.missed[t.first.Key]:
			t.end(wasAbsent)
		case errors.Is(err, ErrNotFound):
			e.missed[t.first.Key] = true
			t.end(wasMissing)
		case isConflict:
			e.follow(ctx, t, conflict.Current)
		default:
			t.over, t.err = true, err
		}
	}
	inParallel(len(barred), func(i int) {
		t := barred[i]
		if t.err = e.bar(ctx, t.first); errors.Is(t.err, ErrExists) {
			t.err = nil // the login has gone on meanwhile
			return
		}
		t.end(wasBarred)
	})
	return nil
}

// follow goes where a marker leads. A login that ends the oldest sessions does not: the
// session may have been logged in again, which is a later login. It lists the set again, and
// counts the entry there if it is that of a renewal. Another record has changed since it was
// read, or is a session that has no user.
func (e *ending) follow(ctx context.Context, t *target, current []byte) {
	if next := e.f.successorOf(t.at, current); next != nil {
		if e.before != nil {
			e.before.Note(next, t.login)
			t.end(wasRenewed)
			return
		}
		if t.at = *next; t.at.Key == e.spare || e.done[t.at.Key] {
			t.end(wasRenewed)
		}
		return
	}
	if e.f.format.Live() == nil {
		return
	}
	switch err := e.store.Remove(ctx, t.at.Key, current); {
	case err == nil:
		e.count(ctx)
		t.end(wasEnded)
	case !isOvertaken(err):
		t.over, t.err = true, err
	}
}

var (
	errTombstone  = errors.New("session: there is a tombstone")
	errLaterLogin = errors.New("session: the session has logged in again")
)

// removeLive removes the records at the targets' addresses, unless one is a marker, which is
// a conflict, or a tombstone. In the Pyramid formats a guard cannot
// exclude tombstones: records that may be one are read first.
func (e *ending) removeLive(ctx context.Context, targets []*target) ([]error, error) {
	results := make([]error, len(targets))
	guards := make([][]byte, len(targets))
	if front := e.f.loggedInFront(); front != nil {
		for i := range guards {
			guards[i] = front
		}
		if err := e.readFollowed(ctx, targets, results); err != nil {
			return nil, err
		}
	} else if err := e.readYoung(ctx, targets, guards, results); err != nil {
		return nil, err
	}
	var at []int
	var keys []string
	var with [][]byte
	for i, t := range targets {
		if results[i] == nil {
			at, keys, with = append(at, i), append(keys, t.at.Key), append(with, guards[i])
		}
	}
	errs, err := e.removeEach(ctx, keys, with)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		results[i] = e.unlessTombstone(targets[i].at, errs[n])
	}
	return results, nil
}

// readFollowed reads the records to which markers have led. A renewal keeps its session's time of
// login. Another time is that of a later login, which may be of another user, or without the label:
// it has entries of its own, unless it came to a process without Users.
func (e *ending) readFollowed(ctx context.Context, targets []*target, results []error) error {
	var at []int
	var keys []string
	for i, t := range targets {
		if t.followed() {
			at, keys = append(at, i), append(keys, t.at.Key)
		}
	}
	loaded, err := e.loadEach(ctx, keys)
	if err != nil {
		return err
	}
	for n, i := range at {
		if results[i] = loaded[n].Err; results[i] != nil {
			continue
		}
		snap, err := e.f.format.Decode(targets[i].at, loaded[n].Record)
		live := err == nil && snap.Successor == nil && !snap.Ended
		if live && !snap.Meta.Login.At.Equal(targets[i].login) {
			results[i] = errLaterLogin
		}
	}
	return nil
}

// readYoung reads the records whose key may hold a tombstone.
func (e *ending) readYoung(ctx context.Context, targets []*target, guards [][]byte, results []error) error {
	var at []int
	var keys []string
	for i, t := range targets {
		if e.f.young(t.login) {
			at, keys = append(at, i), append(keys, t.at.Key)
		}
	}
	loaded, err := e.loadEach(ctx, keys)
	if err != nil {
		return err
	}
	for n, i := range at {
		switch rec := loaded[n]; {
		case rec.Err != nil:
			results[i] = rec.Err
		case e.f.isTombstone(targets[i].at, rec.Record):
			results[i] = errTombstone
		default:
			guards[i] = rec.Record
		}
	}
	return nil
}

// unlessTombstone makes a conflict with a tombstone errTombstone.
func (e *ending) unlessTombstone(at record.Address, err error) error {
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

// removeEach removes records under their guards.
func (p place) removeEach(ctx context.Context, keys []string, guards [][]byte) ([]error, error) {
	if b, ok := p.store.(BatchStore); ok && len(keys) > 1 {
		errs, err := b.RemoveEach(ctx, keys, guards)
		if !errors.Is(err, errors.ErrUnsupported) {
			return errs, err
		}
	}
	errs := make([]error, len(keys))
	inParallel(len(keys), func(i int) { errs[i] = p.store.Remove(ctx, keys[i], guards[i]) })
	return errs, nil
}

// young reports whether a login at that time may still be under way: its entry may be
// there before its record.
func (f *Factory) young(login time.Time) bool {
	return f.now().Sub(login) < 2*f.opts.SaveTimeout
}

// tombstoneLife is for how long a tombstone is stored: longer than any login is under way.
func (f *Factory) tombstoneLife() time.Duration { return max(markerTTL, 2*f.opts.SaveTimeout) }

// bar puts a tombstone where a login is about to create its record.
func (e *ending) bar(ctx context.Context, at record.Address) error {
	now, life := e.f.now(), e.f.tombstoneLife()
	stone := e.f.format.Tombstone(at, record.Meta{Created: now, Expires: now.Add(life)})
	err := e.store.Create(ctx, at.Key, stone, life)
	if errors.Is(err, ErrExists) {
		return err
	}
	return storeError("end a session", err)
}
