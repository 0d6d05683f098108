package dialect

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// maxCompares bounds how often a change starts again because the record was
// changed between the look at it and the comparison. It only does where the
// guard is the front of both states.
const maxCompares = 100

// Replace is session.Store's and session.RecordComparer's. With old it compares
// that, otherwise it reads the record first.
func (g *Guarded) Replace(ctx context.Context, key string, guard, old, record []byte, ttl time.Duration, script func() error) error {
	swapOrScript := func() error { return g.swap(ctx, key, guard, record, ttl, script) }
	return g.change(ctx, "replace", key, old, swapOrScript, func() error {
		var doubt bool
		repeat := Repeats(Repeatable(guard))
		return g.compared(ctx, key, guard, old, func(old []byte) (bool, error) {
			done, again, err := g.setIfEqual(ctx, repeat, key, old, record, ttl)
			doubt = doubt || again
			return done, err
		}, func(stored []byte) error {
			if doubt {
				return Repeat(conflict(stored), record)
			}
			return conflict(stored)
		})
	})
}

// Remove is session.Store's and session.RecordComparer's.
func (g *Guarded) Remove(ctx context.Context, key string, guard, old []byte, script func() error) error {
	var doubt bool
	err := g.change(ctx, "remove", key, old, script, func() error {
		return g.compared(ctx, key, guard, old, func(old []byte) (bool, error) {
			done, again, err := g.deleteIfEqual(ctx, key, old)
			doubt = doubt || again
			return done, err
		}, conflict)
	})
	if doubt && errors.Is(err, session.ErrNotFound) {
		return nil // a try whose answer was lost has removed it
	}
	return err
}

// Expire is session.GuardedExpirer's and session.RecordComparer's. The native
// way is to write the same record again.
func (g *Guarded) Expire(ctx context.Context, key string, guard, old []byte, ttl time.Duration, script func() error) error {
	return g.change(ctx, "expire", key, old, script, func() error {
		return g.compared(ctx, key, guard, old, func(old []byte) (bool, error) {
			done, _, err := g.setIfEqual(ctx, Ever, key, old, old, ttl)
			return done, err
		}, conflict)
	})
}

// Persist takes a time to live away, whatever the record is. The native way is
// PERSIST, which says 0 for a key without a time to live and for no key: PTTL
// tells them apart.
func (g *Guarded) Persist(ctx context.Context, key string, script func() error) error {
	if g.choice != connect.GuardedSaveNative && !g.scripting.is(missing) {
		err := script()
		if g.choice == connect.GuardedSaveScript || !g.refused(err) {
			return g.fault("expire", err)
		}
	}
	for {
		reply, _, err := g.client.Command(ctx, Ever, "persist", key)
		if err != nil || string(reply) == "1" {
			return g.fault("expire", err)
		}
		if reply, _, err = g.client.Command(ctx, Ever, "pttl", key); err != nil {
			return g.fault("expire", err)
		}
		switch string(reply) {
		case "-2":
			return session.ErrNotFound
		case "-1":
			return nil
		}
	}
}

func conflict(stored []byte) error { return &session.ConflictError{Current: stored} }

// compared calls try with the record that must still be there, as long as the
// stored record begins with the guard. other returns the error for one that does
// not.
func (g *Guarded) compared(
	ctx context.Context, key string, guard, old []byte,
	try func(old []byte) (done bool, err error), other func(stored []byte) error,
) error {
	for n := 0; ; n++ {
		if old != nil {
			if done, err := try(old); done || err != nil {
				return err
			}
		}
		stored, _, err := g.client.Command(ctx, Ever, "get", key)
		if err != nil {
			return err
		}
		if stored == nil {
			return session.ErrNotFound
		}
		if n == maxCompares || !bytes.HasPrefix(stored, guard) {
			return other(stored)
		}
		old = stored
	}
}

// setIfEqual overwrites a record that is equal to old.
func (g *Guarded) setIfEqual(ctx context.Context, repeat Repeats, key string, old, record []byte, ttl time.Duration) (done, doubt bool, err error) {
	words := []any{"set", key, record, "ifeq", old}
	switch {
	case ttl == KeepTTL:
		words = append(words, "keepttl")
	case ttl > 0:
		words = append(words, "px", Millis(ttl))
	}
	reply, doubt, err := g.client.Command(ctx, repeat, words...)
	switch {
	case err != nil:
		return false, doubt, err
	case reply == nil:
		return false, doubt, nil
	case string(reply) == "OK":
		return true, doubt, nil
	default:
		return false, doubt, ErrGarbled
	}
}

// deleteIfEqual deletes a record that is equal to old. Without DELIFEQ, which
// came with Valkey 9, the record is overwritten by an empty one whose time is
// over.
func (g *Guarded) deleteIfEqual(ctx context.Context, key string, old []byte) (done, doubt bool, err error) {
	var reply []byte
	if !g.delifeq.is(missing) {
		reply, doubt, err = g.client.Command(ctx, Ever, "delifeq", key, old)
		switch {
		case err == nil && string(reply) == "1":
			return true, doubt, nil
		case err == nil && string(reply) == "0":
			return false, doubt, nil
		case err == nil:
			return false, doubt, ErrGarbled
		case !g.refused(err):
			return false, doubt, err
		}
		g.delifeq.set(false)
	}
	reply, doubt, err = g.client.Command(ctx, Ever, "set", key, "", "ifeq", old, "pxat", "1")
	switch {
	case err != nil:
		return false, doubt, err
	case reply == nil:
		return false, doubt, nil
	case string(reply) == "OK":
		return true, doubt, nil
	default:
		return false, doubt, ErrGarbled
	}
}
