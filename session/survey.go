package session

import (
	"context"
	"errors"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// looked is an entry of a set, and what is at its record's key.
type looked struct {
	member []byte
	at     record.Address
	login  time.Time
	snap   record.Snapshot
	left   time.Duration // its time to live; unknownTTL when the store does not tell
	is     liveness
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

// survey looks at the records of a set's entries that a filter, unless it is nil, lets
// through.
//
// A renewal adds its new entry and its new record at once, then closes the old record. So
// an entry without a record may be about to get one for as long as another session with
// the same time of login lives, which then is the old one. And what was a marker or absent
// was read after the session's next entry had been added: the set is listed again, and an
// entry that is without a record once more is dead. A young one may be that of a login
// under way.
func (p place) survey(ctx context.Context, key string, state IndexState, filter func(member []byte, at record.Address, login time.Time) bool) (surveyed, error) {
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
			if filter != nil && !filter(entry.Member, at, login) {
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

// read reads the records of entries.
func (p place) read(ctx context.Context, entries []*looked) error {
	errs := make([]error, len(entries))
	inParallel(len(entries), func(i int) { errs[i] = p.readOne(ctx, entries[i]) })
	return errors.Join(errs...)
}

func (p place) readOne(ctx context.Context, l *looked) error {
	rec, left, err := p.load(ctx, l.at.Key)
	if errors.Is(err, ErrNotFound) {
		l.is = isGone
		return nil
	}
	if err != nil {
		return storeError("list sessions", err)
	}
	snap, err := p.f.format.Decode(l.at, rec)
	switch {
	case errors.Is(err, ErrUndecodable):
		l.is = isOdd
	case err != nil:
		return err
	case snap.Successor != nil:
		l.is = isMoved
	case snap.Ended, !p.f.lives(snap):
		l.is = isGone
	default:
		l.is, l.snap, l.left = isLive, snap, left
	}
	return nil
}

// load reads a record without restarting its time to live.
func (p place) load(ctx context.Context, key string) ([]byte, time.Duration, error) {
	if l, ok := p.store.(TTLLoader); ok {
		return l.LoadTTL(ctx, key)
	}
	rec, err := p.store.Load(ctx, key, 0)
	return rec, unknownTTL, err
}

// lives reports whether a stored session has not ended by the times in its record.
func (f *Factory) lives(snap record.Snapshot) bool {
	now := f.now()
	_, alive := lifetime(now, snap.Meta.Began(), snap.Meta.Idle.Or(f.opts.IdleTimeout), f.opts.AbsoluteTimeout)
	expires, _ := f.expiryOf(snap)
	return alive && !f.outdated(snap.Meta) && (expires.IsZero() || now.Before(expires))
}

func (p place) removeEntries(ctx context.Context, key string, members [][]byte) error {
	if len(members) == 0 {
		return nil
	}
	return storeError("index", p.index.IndexRemove(ctx, key, members...))
}
