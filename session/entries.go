package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/userset"
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
	// again says that a login takes the place of one of the same user's in the same session,
	// so that there is no session more: it is not refused.
	again bool
}

// userHash names a user in the index.
func (f *Factory) userHash(user string) record.UserHash {
	return record.HashUser(f.opts.Cookie.Name, user)
}

// labelHash names a label in the index.
func (f *Factory) labelHash(name, value string) record.UserHash {
	return record.HashLabel(f.opts.Cookie.Name, name, value)
}

// setKey is the key of a user's set, or of a label's.
func (f *Factory) setKey(h record.UserHash) string {
	return record.IndexKey(cmp.Or(f.opts.Prefix, DefaultPrefix), h)
}

// setKeys returns the keys of the sets that the session is in: its user's first, then
// those of its labels. After a Clear only the former is known.
func (s *Session) setKeys(l record.Login) []string {
	keys := []string{s.f.setKey(l.User)}
	v, _ := s.data.Get(labelsKey)
	for _, h := range record.SplitLabels(v) {
		keys = append(keys, s.f.setKey(h))
	}
	return keys
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

// create creates the record and adds the entries. When one of both fails, both are removed.
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
// have seen this one, and count it. The times of login alone do not show that,
// because a login may be added to the index later than one that began after it.
func (e *entries) admit(ctx context.Context, state IndexState) error {
	limit, f := e.limit(), e.s.f
	if limit == 0 || e.again && f.opts.Users.WhenFull == Refuse {
		return nil
	}
	p := place{f, e.s.store, e.index}
	before := userset.NewEarlier(e.at.Key, e.s.at.Key)
	before.AnyLogin = f.opts.Users.WhenFull == Refuse
	for _, entry := range state.Entries {
		if at, login, ok := f.format.OfMember(entry.Member); ok {
			renewals := f.format.Live() == nil && (before.AnyLogin || !login.Equal(e.login.At))
			before.Add(entry.Member, at, login, renewals)
		}
	}
	if before.Len() < limit {
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
		slices.SortFunc(live, userset.ByLogin)
		end := p.ending()
		end.cause, end.before = CauseEvicted, before
		again := false
		gone := found.dead
		var oldest []*target
		for _, l := range live[:len(live)+1-limit] {
			oldest = append(oldest, &target{first: l.At, login: l.Login, member: l.Member})
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
