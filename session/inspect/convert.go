package inspect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// ErrNoID is returned by Convert from the native format to another: those have the
// session's ID as their key, which a native record does not hold.
var ErrNoID = errors.New("inspect: convert: the native format stores no ID, which is the key in the Pyramid formats")

// ErrConverted is returned by Convert for a record that is one of the other sessions' already.
var ErrConverted = errors.New("inspect: convert: the record was converted before")

// Converted is a record as another application would have written it.
type Converted struct {
	Key    string
	Record []byte
	TTL    time.Duration

	from  string // the key that it was found at
	prior record.Snapshot
}

// Convert returns a record, which was found at a key, as the sessions of another inspector
// are stored: with that one's prefix, format, codec and encryption. Markers and tombstones,
// which last a minute, are left out: the result is nil. The error is ErrUndecodable for a
// record that cannot be read, and says at which key the data cannot be kept.
func (i *Inspector) Convert(k session.ScannedKey, to *Inspector, now time.Time) (*Converted, error) {
	at, ok := i.format.AtKey(k.Key)
	if !ok {
		return nil, nil
	}
	snap, err := i.format.Decode(at, k.Front)
	if err != nil {
		if other, ok := to.format.AtKey(k.Key); ok {
			if _, err := to.format.Decode(other, k.Front); err == nil {
				return nil, ErrConverted
			}
		}
	}
	if err != nil || snap.Successor != nil || snap.Ended {
		return nil, err
	}
	target, err := to.addressFrom(i, k.Key)
	if err != nil {
		return nil, err
	}
	if snap.Data.Hidden() && to.o.Format == session.FormatNative {
		return nil, fmt.Errorf("%w: it has keys that are not text, which the native format does not keep", session.ErrUndecodable)
	}
	if snap.Data.Hidden() {
		return nil, fmt.Errorf("%w: it has keys that are not text, which are not converted", session.ErrUndecodable)
	}
	var all []record.Change
	for _, name := range snap.Data.Keys() {
		v, ok, err := snap.Data.Get(name)
		if err != nil {
			return nil, fmt.Errorf("%w: the value at key %q: %w", session.ErrUndecodable, name, err)
		}
		all = append(all, record.Change{Key: name, Value: v, Present: ok})
	}
	m := snap.Meta
	m.Members = nil
	if idle := m.Idle.Duration; m.Idle.Set && idle == i.o.IdleTimeout {
		m.Idle = record.Override{} // the settings'
	}
	m.Expires = time.Time{}
	if _, written := to.format.Expiry(); (written || to.o.ExpiryInRecord) && k.TTL > 0 {
		m.Expires = now.Add(k.TTL).UTC()
	} else if written || to.o.ExpiryInRecord {
		m.Expires = snap.Meta.Expires
	}
	rec, _, err := to.format.Encode(target, m, to.format.Layout().Empty(), all)
	if err != nil {
		return nil, fmt.Errorf("%w: as the other format: %w", session.ErrUndecodable, err)
	}
	if len(rec) > to.o.MaxRecordBytes {
		return nil, session.ErrTooLarge
	}
	return &Converted{Key: target.Key, Record: rec, TTL: k.TTL, from: k.Key, prior: snap}, nil
}

// addressFrom is the address of the session that another inspector has at a key.
func (i *Inspector) addressFrom(from *Inspector, key string) (record.Address, error) {
	native, wasNative := i.o.Format == session.FormatNative, from.o.Format == session.FormatNative
	switch {
	case native && wasNative:
		at, _ := i.format.AtKey(i.o.Prefix + key[len(from.o.Prefix):])
		return at, nil
	case wasNative:
		return record.Address{}, ErrNoID
	}
	return i.format.Address(key), nil // the key is the ID
}

// Store writes a converted record, and reports whether it did so. Where a record stands
// at the key it is replaced only if it still is the one that was converted; a session that
// was used meanwhile, or was converted before, is left as it is.
func (c *Converted) Store(ctx context.Context, store session.Store) (bool, error) {
	err := store.Create(ctx, c.Key, c.Record, c.TTL)
	if errors.Is(err, session.ErrExists) && c.Key == c.from {
		err = replace(ctx, store, c.Key, c.prior, c.Record, c.TTL)
	}
	conflict := (*session.ConflictError)(nil)
	switch {
	case errors.As(err, &conflict), errors.Is(err, session.ErrExists), errors.Is(err, session.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("inspect: convert: %w", err)
	}
	return true, nil
}
