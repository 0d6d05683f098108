package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/userset"
)

// Keys returns the keys of the sessions in a user's set, the entries of sessions that have
// gone among them.
func (i *Inspector) Keys(ctx context.Context, store session.Store, user string) ([]string, error) {
	index, ok := store.(session.UserIndex)
	if !ok {
		return nil, session.ErrNoUserIndex
	}
	state, err := index.IndexList(ctx, i.UserKey(user))
	var keys []string
	for _, e := range state.Entries {
		if at, _, ok := i.format.OfMember(e.Member); ok {
			keys = append(keys, at.Key)
		}
	}
	return keys, err
}

// Named returns the key of a user's session with a handle of session.Info, as
// session.Factory.Sessions returns it; "" when the user has no such session. One that was
// renewed since is found by its time of login.
func (i *Inspector) Named(ctx context.Context, store session.Store, user, handle string) (string, error) {
	index, ok := store.(session.UserIndex)
	if !ok {
		return "", session.ErrNoUserIndex
	}
	state, err := index.IndexList(ctx, i.UserKey(user))
	if err != nil {
		return "", err
	}
	members := make([][]byte, len(state.Entries))
	for n, e := range state.Entries {
		members[n] = e.Member
	}
	at, _, _, _ := userset.Named(i.format, record.HashUser(i.o.Cookie.Name, user), members, handle)
	return at.Key, nil
}

// End ends the session at a key, and reports whether there was one. Where it was renewed a
// moment ago the session that it went on as is ended, in the native format; in the Pyramid
// formats a renewal leaves nothing that leads there. A request in flight does not bring it back. A
// record that cannot be read is removed in the native format; in the Pyramid formats it may
// belong to another program, and is ErrUndecodable.
func (i *Inspector) End(ctx context.Context, store session.Store, key string) (bool, error) {
	at, ok := i.format.AtKey(key)
	if !ok {
		return false, fmt.Errorf("inspect: end: %w", session.ErrNotFound)
	}
	for ctx.Err() == nil {
		rec, err := store.Load(ctx, at.Key, 0)
		if errors.Is(err, session.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("inspect: end: %w", err)
		}
		snap, err := i.format.Decode(at, rec)
		switch {
		case errors.Is(err, session.ErrUndecodable) && i.o.Format == session.FormatNative:
			snap = record.Snapshot{Guard: rec, Whole: rec}
			if record.NamesRevision(rec) {
				return true, store.Delete(ctx, at.Key)
			}
		case err != nil:
			return false, fmt.Errorf("inspect: end: %w", err)
		case snap.Ended:
			return false, nil
		case snap.Successor != nil:
			at = *snap.Successor
			continue
		}
		err = remove(ctx, store, at.Key, snap)
		if conflict := (*session.ConflictError)(nil); errors.As(err, &conflict) {
			continue
		}
		if errors.Is(err, session.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("inspect: end: %w", err)
		}
		return true, i.leave(ctx, store, at, snap)
	}
	return false, ctx.Err()
}

func remove(ctx context.Context, store session.Store, key string, snap record.Snapshot) error {
	if c, ok := store.(session.RecordComparer); ok {
		return c.RemoveRecord(ctx, key, snap.Guard, snap.Whole)
	}
	return store.Remove(ctx, key, snap.Guard)
}

func replace(ctx context.Context, store session.Store, key string, snap record.Snapshot, rec []byte, ttl time.Duration) error {
	if c, ok := store.(session.RecordComparer); ok {
		return c.ReplaceRecord(ctx, key, snap.Guard, snap.Whole, rec, ttl)
	}
	return store.Replace(ctx, key, snap.Guard, rec, ttl)
}

// leave removes the entries of a session that has ended.
func (i *Inspector) leave(ctx context.Context, store session.Store, at record.Address, snap record.Snapshot) error {
	index, ok := store.(session.UserIndex)
	if !ok || snap.Meta.Login.Lease.IsZero() {
		return nil
	}
	for _, key := range i.sets(snap) {
		if err := index.IndexRemove(ctx, key, i.format.Member(at, snap.Meta.Login.At)); err != nil {
			return fmt.Errorf("inspect: end: the session is ended; its entry in the index stays until its lease is over: %w", err)
		}
	}
	return nil
}

// sets are the keys of the sets that a session is in: that of its user, and of its labels.
func (i *Inspector) sets(snap record.Snapshot) []string {
	keys := []string{i.setKey(snap.Meta.Login.User)}
	if snap.Data == nil {
		return keys
	}
	v, _, _ := snap.Data.Get(record.LabelsKey)
	for _, h := range record.SplitLabels(v) {
		keys = append(keys, i.setKey(h))
	}
	return keys
}

// Index puts the session of a record that was found at a key into the index of its user,
// and of its labels, where Session.Login was called for it, and reports whether it did so.
// An entry that is there stays. A session that logged in before the index was switched on
// is put into it too, and its record gets the lease of the entry.
func (i *Inspector) Index(ctx context.Context, store session.Store, k session.ScannedKey, now time.Time) (bool, error) {
	index, ok := store.(session.UserIndex)
	at, mayBe := i.format.AtKey(k.Key)
	if !ok {
		return false, session.ErrNoUserIndex
	}
	rec, ttl := k.Front, k.TTL
	for mayBe && ctx.Err() == nil {
		snap, err := i.format.Decode(at, rec)
		if err != nil || snap.Successor != nil || snap.Ended || snap.Meta.Login.At.IsZero() {
			return false, err
		}
		m := snap.Meta
		lease := record.LeaseFrom(now, m.Began(), i.lease(), m.Idle.Or(i.o.IdleTimeout), i.o.AbsoluteTimeout)
		if m.Login.Lease.After(lease) {
			lease = m.Login.Lease
		}
		until := lease
		if until.Equal(record.Forever) {
			until = time.Time{}
		}
		for _, key := range i.sets(snap) {
			if _, err := index.IndexAdd(ctx, key, i.format.Member(at, m.Login.At), until, session.AnyEpoch); err != nil {
				return false, fmt.Errorf("inspect: index: %w", err)
			}
		}
		if !m.Login.Lease.IsZero() {
			return true, nil
		}
		// A record without a lease would not have its entry renewed.
		m.Login.Lease = lease
		marked, _, err := i.format.Encode(at, m, snap.Data, nil)
		if err != nil {
			return false, fmt.Errorf("inspect: index: %w", err)
		}
		err = replaceKeepTTL(ctx, store, at.Key, snap, marked, ttl)
		conflict := (*session.ConflictError)(nil)
		switch {
		case errors.As(err, &conflict) && !bytes.Equal(conflict.Current, rec):
			rec = conflict.Current
		case errors.Is(err, session.ErrNotFound):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("inspect: index: %w", err)
		default:
			return true, nil
		}
	}
	return false, ctx.Err()
}

func (i *Inspector) lease() time.Duration {
	if i.o.Users == nil {
		return 0
	}
	return i.o.Users.Lease
}

func replaceKeepTTL(ctx context.Context, store session.Store, key string, snap record.Snapshot, rec []byte, ttl time.Duration) error {
	if k, ok := store.(session.TTLKeeper); ok {
		return k.ReplaceKeepTTL(ctx, key, snap.Guard, rec)
	}
	return replace(ctx, store, key, snap, rec, ttl)
}
