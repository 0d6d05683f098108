package session

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// entries are the places of a session at an address in the sets of its user and of its
// labels.
type entries struct {
	s     *Session
	index UserIndex
	at    record.Address
	login record.Login
	keys  []string // the user's first
	seen  Epoch    // of the user's set
	// counted says that UserOptions.Max holds: for a login, but not for a renewal.
	counted bool
}

func (e *entries) member() []byte { return e.s.f.format.Member(e.at, e.login.At) }

func (e *entries) entry() Entry { return Entry{Sets: e.keys, Member: e.member()} }

// until is up to when the entries count.
func (e *entries) until() time.Time {
	if e.login.Lease.Equal(record.Forever) {
		return time.Time{}
	}
	return e.login.Lease
}

// add adds the entries, and returns the user's set.
func (e *entries) add(ctx context.Context) (IndexState, error) {
	until := e.until()
	states := make([]IndexState, len(e.keys))
	errs := make([]error, len(e.keys))
	inParallel(len(e.keys), func(i int) {
		seen := AnyEpoch
		if i == 0 {
			seen = e.seen
		}
		states[i], errs[i] = e.index.IndexAdd(ctx, e.keys[i], e.member(), until, seen)
	})
	return states[0], errors.Join(errs...)
}

// remove removes the entries.
func (e *entries) remove(ctx context.Context) error {
	errs := make([]error, len(e.keys))
	inParallel(len(e.keys), func(i int) { errs[i] = e.index.IndexRemove(ctx, e.keys[i], e.member()) })
	return errors.Join(errs...)
}

// create creates the record and adds the entries. Whatever fails, nothing stays.
//
// A key that exists holds the tombstone of an EndAll that has seen the entry, because no
// two sessions get the same ID: the login has failed.
func (e *entries) create(ctx context.Context, rec []byte, ttl time.Duration) error {
	state, created, added := e.enter(ctx, rec, ttl)
	var err error
	switch {
	case errors.Is(created, ErrExists), errors.Is(added, ErrEnded):
		err = ErrEnded
	case created != nil || added != nil:
		err = storeError("login", errors.Join(created, added))
	default:
		err = e.admit(ctx, state)
	}
	if err == nil {
		e.s.siblings = e.count(state)
		return nil
	}
	// The time for the login may be what ran out.
	ctx, cancel := e.s.f.writeContext(ctx)
	defer cancel()
	if !errors.Is(created, ErrExists) {
		var undo error
		if created == nil {
			undo = e.s.takeBack(ctx, e.at)
		} else {
			undo = e.s.store.Delete(ctx, e.at.Key)
		}
		if undo != nil {
			return errors.Join(err, storeError("login", undo))
		}
	}
	if undo := e.remove(ctx); undo != nil {
		e.s.f.opts.Logger.Warn("session: the entry of a login that failed stays until its lease is over", errorAttr(undo))
	}
	return err
}

// count returns how many sessions the user has after the login, for the observer.
func (e *entries) count(state IndexState) (n int) {
	if e.s.f.watcher == nil {
		return 0
	}
	now := e.s.f.now()
	for _, entry := range state.Entries {
		at, _, ok := e.s.f.format.OfMember(entry.Member)
		if ok && at.Key != e.s.at.Key && (entry.Until.IsZero() || entry.Until.After(now)) {
			n++
		}
	}
	if limit := e.limit(); limit > 0 {
		n = min(n, limit)
	}
	return n
}

// enter creates the record and adds the entries: in one round trip where the store can, or
// at once, or the record first where the others are counted, so that two logins that count
// at once see each other's records.
func (e *entries) enter(ctx context.Context, rec []byte, ttl time.Duration) (state IndexState, created, added error) {
	if s, ok := e.s.store.(EntryStore); ok {
		state, created, added = s.CreateEntered(ctx, e.at.Key, rec, ttl, e.entry(), e.until(), e.seen)
		if !errors.Is(created, errors.ErrUnsupported) {
			return state, created, added
		}
	}
	steps := []func(){
		func() { created = e.s.store.Create(ctx, e.at.Key, rec, ttl) },
		func() { state, added = e.add(ctx) },
	}
	if e.limit() > 0 {
		if steps[0](); created == nil {
			steps[1]()
		}
		return state, created, added
	}
	inParallel(len(steps), func(i int) { steps[i]() })
	return state, created, added
}

// limit is UserOptions.Max where it holds, or 0.
func (e *entries) limit() int {
	if u := e.s.f.opts.Users; e.counted && u != nil {
		return u.Max
	}
	return 0
}

// admit counts the sessions whose entries were there when this one's was added, and ends
// those whose login is the longest time ago, or refuses the login, as long as there are too
// many. The session that this one replaces is not counted. Later ones are not either: they
// have seen this one, and count it. By the times of login alone that could not be told,
// because a login may come to the index later than one that began after it.
func (e *entries) admit(ctx context.Context, state IndexState) error {
	limit, f := e.limit(), e.s.f
	if limit == 0 {
		return nil
	}
	p := place{f, e.s.store, e.index}
	before := &earlier{members: map[string]bool{}, logins: map[time.Time]bool{}, moved: map[string]time.Time{}, own: []string{e.at.Key, e.s.at.Key}}
	for _, entry := range state.Entries {
		if at, login, ok := f.format.OfMember(entry.Member); ok && at.Key != e.at.Key && at.Key != e.s.at.Key {
			before.members[string(entry.Member)] = true
			// Where a renewal leaves no marker, only the time of login tells of it.
			before.logins[login] = f.format.Live() == nil && !login.Equal(e.login.At)
		}
	}
	if len(before.members) < limit {
		return nil
	}
	for range endRounds {
		found, err := p.survey(ctx, e.keys[0], state, before)
		if err != nil {
			return err
		}
		live := found.live
		if len(live) < limit {
			return p.removeEntries(ctx, e.keys[0], found.dead)
		}
		if f.opts.Users.WhenFull == Refuse {
			return ErrTooManySessions
		}
		slices.SortFunc(live, func(a, b *looked) int {
			if c := a.login.Compare(b.login); c != 0 {
				return c
			}
			return bytes.Compare(a.member, b.member)
		})
		end := p.ending()
		end.cause, end.before = CauseEvicted, before
		again := false
		gone := found.dead
		var oldest []*target
		for _, l := range live[:len(live)+1-limit] {
			oldest = append(oldest, &target{first: l.at, login: l.login, member: l.member})
		}
		if err := end.all(ctx, oldest); err != nil {
			return err
		}
		for _, t := range oldest {
			again = again || t.became != wasEnded
			if t.became != wasMissing {
				gone = append(gone, t.member)
			}
		}
		if err := p.removeEntries(ctx, e.keys[0], gone); err != nil || !again {
			return err
		}
		if state, err = e.index.IndexList(ctx, e.keys[0]); err != nil {
			return storeError("login", err)
		}
	}
	return ErrConflict
}

// earlier are the entries that a login counts for the cap: those that were there when its own
// was added, and those of renewals of the same sessions.
type earlier struct {
	members map[string]bool
	logins  map[time.Time]bool   // times of login; a renewal keeps its session's
	moved   map[string]time.Time // where markers lead to, and their sessions' times of login
	own     []string             // the keys of the login's session, which are not counted
}

// counts reports whether an entry is one of them. A nil earlier counts all entries.
func (b *earlier) counts(member []byte, at record.Address, login time.Time) bool {
	if b == nil {
		return true
	}
	// A marker of another login leads to a later one.
	renewed, ok := b.moved[at.Key]
	return !slices.Contains(b.own, at.Key) && (b.members[string(member)] || b.logins[login] || ok && renewed.Equal(login))
}

// note notes where the marker at an entry's key leads to.
func (b *earlier) note(next *record.Address, login time.Time) {
	if b != nil {
		b.moved[next.Key] = login
	}
}

// extend makes the entries of a renewal count as long as those of the record that it moves.
// Another request may have lengthened that one's lease since it was read, by Remember say:
// then the new entries are added again with the longer lease. Otherwise the copy of the record
// gets the lease of the new entries.
func (e *entries) extend(ctx context.Context) error {
	if lease := &e.s.meta.Login.Lease; !lease.After(e.login.Lease) {
		*lease = e.login.Lease
		return nil
	}
	e.login.Lease = e.s.meta.Login.Lease
	_, err := e.add(ctx)
	return storeError("renew", err)
}

// entriesAt returns the session's entries as they are when its record is at an address: its
// present one, or the next one. It is nil when the session has none. Their lease begins
// now, for those that are added; those that are removed are found by their member.
func (s *Session) entriesAt(at record.Address) *entries {
	index, ok := s.store.(UserIndex)
	l := s.meta.Login
	if !ok || l.Lease.IsZero() {
		return nil
	}
	if until := s.f.leaseFrom(s.f.now(), s.meta.Began(), s.idle()); until.After(l.Lease) {
		l.Lease = until
	}
	return &entries{s: s, index: index, at: at, login: l, keys: s.setKeys(l)}
}

// replaceLeaving is replacePrior of a session's record by a marker: its entries go with it, or
// right after it where the store cannot do both at once.
func (e *entries) replaceLeaving(ctx context.Context, store Store, key string, was priorRecord, record []byte, ttl time.Duration) error {
	if s, ok := store.(EntryStore); ok && e != nil {
		err := s.ReplaceLeaving(ctx, key, was.guard, record, ttl, e.entry())
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	err := replacePrior(ctx, store, key, was, record, ttl)
	if err == nil {
		e.leave(ctx)
	}
	return err
}

// removeLeaving is removePrior of a session's record, as replaceLeaving is replacePrior.
func (e *entries) removeLeaving(ctx context.Context, store Store, key string, was priorRecord) error {
	if s, ok := store.(EntryStore); ok && e != nil {
		err := s.RemoveLeaving(ctx, key, was.guard, e.entry())
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	err := removePrior(ctx, store, key, was)
	if err == nil {
		e.leave(ctx)
	}
	return err
}

// leave removes the entries of a record that is no session any more. When that fails they
// are found dead later.
func (e *entries) leave(ctx context.Context) {
	if e == nil {
		return
	}
	if err := e.remove(ctx); err != nil {
		e.s.f.opts.Logger.Warn("session: the entry of a session that is gone stays until its lease is over", errorAttr(err))
	}
}

// mostAtOnce is how many commands about one user's sessions are under way at once.
const mostAtOnce = 16

// inParallel calls f for 0 to n-1, several at once, and returns when all have returned.
func inParallel(n int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var wg sync.WaitGroup
	room := make(chan struct{}, mostAtOnce)
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			f(i)
		})
	}
	wg.Wait()
}

// A record's entry in the index counts for longer than the record lives: Redis restarts
// the time to live of a record at every load, and the entry cannot follow each time. The
// end of this lease is in the record too, so that a load sees when it is to be renewed.

// ownLease is UserOptions.Lease, or 0.
func (f *Factory) ownLease() time.Duration {
	if f.opts.Users == nil {
		return 0
	}
	return f.opts.Users.Lease
}

// leaseFrom returns the end of a lease that begins now. It is not later than the absolute
// timeout.
func (f *Factory) leaseFrom(now, began time.Time, idle time.Duration) time.Time {
	return record.LeaseFrom(now, began, f.ownLease(), idle, f.opts.AbsoluteTimeout)
}

// leaseDue reports whether a load must have the lease renewed: less than half of what it is
// longer than the idle timeout is left of it, and a new lease would end later. With an
// absolute timeout it may not, and then there is nothing to renew.
func (f *Factory) leaseDue(now time.Time, m record.Meta) bool {
	lease, idle := m.Login.Lease, m.Idle.Or(f.opts.IdleTimeout)
	if lease.IsZero() || !f.leaseFrom(now, m.Began(), idle).After(lease) {
		return false
	}
	return record.Endless(idle) || lease.Sub(now) < idle+record.LeaseExtra(f.ownLease(), idle)/2
}

// leaseIsDue is leaseDue for the session that was loaded.
func (s *Session) leaseIsDue(now time.Time) bool {
	_, ok := s.store.(UserIndex)
	return ok && s.f.leaseDue(now, s.meta)
}

// outlive renews the lease of a session whose record lives until end, because a load has
// restarted its time to live, when that is later than the lease. It is no matter for the
// save, which comes with half of the lease left: requests whose handlers panic, or whose
// saves fail, would keep a session alive that Factory.EndAll does not find. The save writes
// the new end of the lease into the record.
func (s *Session) outlive(ctx context.Context, end time.Time) {
	if !s.due.expiry || !s.meta.Login.Lease.Before(end) {
		return
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	if _, err := s.renewLease(ctx); err != nil {
		s.f.opts.Logger.Warn("session: a session outlives its entry in the index of its user", errorAttr(err))
	}
}

// renewLease renews the lease of a session whose record is about to be written, when that
// is due. A timeout that was changed may need a longer one at once. The record with the
// new end of the lease is written after the entry: a record never outlives its entry. It
// returns the entries whose lease it renewed.
func (s *Session) renewLease(ctx context.Context) (*entries, error) {
	index, ok := s.store.(UserIndex)
	now := s.f.now()
	m := s.meta
	m.Idle = record.Override{Set: true, Duration: s.idle()}
	until := s.f.leaseFrom(now, m.Began(), s.idle())
	if !ok || m.Login.Lease.IsZero() || s.keepsExpiry() ||
		!s.f.leaseDue(now, m) && (!s.metaSet.idle || !until.After(m.Login.Lease)) {
		return nil, nil
	}
	e := entries{s: s, index: index, at: s.at, login: m.Login, keys: s.setKeys(m.Login)}
	e.login.Lease = until
	if _, err := e.add(ctx); err != nil {
		return nil, storeError("renew the lease", err)
	}
	s.meta.Login.Lease = until
	return &e, nil
}
