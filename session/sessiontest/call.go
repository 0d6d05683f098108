package sessiontest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var callRules = []rule{
	{"context-cancelled", "an operation whose context has ended returns the context's error and changes nothing; one that its caller cancelled does not say that the store is unavailable", func(c *checker) {
		cancelled, cancel := context.WithCancel(c.Context())
		cancel()
		late, cancel := context.WithDeadline(c.Context(), time.Now().Add(-time.Second))
		defer cancel()
		key, absent := c.stored(first, long), c.key()
		for _, ctx := range []context.Context{cancelled, late} {
			for op, call := range c.operations(ctx, key, absent) {
				err := call()
				c.wantErr(op, err, ctx.Err())
				if ctx == cancelled && errors.Is(err, session.ErrUnavailable) {
					c.broken("%s returned ErrUnavailable: %v", op, err)
				}
			}
		}
		c.wantRecord(key, first)
		c.wantTTL(key, long)
		c.wantGone(absent)
	}},
	{"scripts-flushed", "a server that has forgotten its scripts makes no difference", func(c *checker) {
		if c.FlushScripts == nil {
			c.Skip("the harness has no FlushScripts")
		}
		key := c.stored(first, long)
		c.FlushScripts(c.T)
		c.must("Replace", c.replace(key, guard1, second, long))
		c.FlushScripts(c.T)
		c.wantConflict("Replace", c.replace(key, guard1, first, long), second)
		if k, ok := c.Store.(session.TTLKeeper); ok {
			c.FlushScripts(c.T)
			c.must("ReplaceKeepTTL", k.ReplaceKeepTTL(c.Context(), key, []byte(guard2), []byte(second)))
		}
		c.FlushScripts(c.T)
		c.must("Expire", c.Expire(c.Context(), key, 0))
		c.wantTTL(key, 0)
		c.FlushScripts(c.T)
		c.must("Remove", c.Remove(c.Context(), key, []byte(guard2)))
		c.FlushScripts(c.T)
		c.wantErr("Remove", c.Remove(c.Context(), key, []byte(guard2)), session.ErrNotFound)
	}},
	{"wrong-type", "something else at the key is an error, not a record, and stays; the error does not hold the key, nor say that the store is unavailable", func(c *checker) {
		if c.WrongType == nil {
			c.Skip("the harness has no WrongType")
		}
		key := c.key()
		c.WrongType(c.T, key)
		_, loadErr := c.Load(c.Context(), key, 0)
		_, touchErr := c.Load(c.Context(), key, long)
		for op, err := range map[string]error{
			"Load":          loadErr,
			"Load with ttl": touchErr,
			"Replace":       c.replace(key, guard1, second, long),
			"Remove":        c.Remove(c.Context(), key, []byte(guard1)),
		} {
			if err == nil {
				c.broken("%s returned no error", op)
			}
			if strings.Contains(err.Error(), key) {
				c.broken("%s returned an error with the key in it: %v", op, err)
			}
			if errors.Is(err, session.ErrUnavailable) {
				c.broken("%s returned ErrUnavailable: %v", op, err)
			}
		}
		c.must("Delete", c.Delete(c.Context(), key))
	}},
}

// operations are all operations of the store, ready to be called with ctx. One
// of the keys has a record.
func (c *checker) operations(ctx context.Context, key, absent string) map[string]func() error {
	ops := map[string]func() error{
		"Load":          func() error { _, err := c.Load(ctx, key, 0); return err },
		"Load with ttl": func() error { _, err := c.Load(ctx, key, 2*long); return err },
		"Create":        func() error { return c.Create(ctx, absent, []byte(first), long) },
		"Replace":       func() error { return c.Replace(ctx, key, []byte(guard1), []byte(second), long) },
		"Expire":        func() error { return c.Expire(ctx, key, 2*long) },
		"Expire to 0":   func() error { return c.Expire(ctx, key, 0) },
		"Remove":        func() error { return c.Remove(ctx, key, []byte(guard1)) },
		"Delete":        func() error { return c.Delete(ctx, key) },
	}
	if l, ok := c.Store.(session.TTLLoader); ok {
		ops["LoadTTL"] = func() error { _, _, err := l.LoadTTL(ctx, key); return err }
	}
	if g, ok := c.Store.(session.GuardedExpirer); ok {
		ops["ExpireGuarded"] = func() error { return g.ExpireGuarded(ctx, key, []byte(guard1), 2*long) }
	}
	if k, ok := c.Store.(session.TTLKeeper); ok {
		ops["ReplaceKeepTTL"] = func() error { return k.ReplaceKeepTTL(ctx, key, []byte(guard1), []byte(second)) }
	}
	if i, ok := c.Store.(session.UserIndex); ok {
		set := c.key()
		ops["IndexAdd"] = func() error {
			_, err := i.IndexAdd(ctx, set, []byte("a"), time.Time{}, session.AnyEpoch)
			return err
		}
		ops["IndexRemove"] = func() error { return i.IndexRemove(ctx, set, []byte("a")) }
		ops["IndexList"] = func() error { _, err := i.IndexList(ctx, set); return err }
		ops["IndexClose"] = func() error { _, err := i.IndexClose(ctx, set, session.FirstEpoch, long); return err }
	}
	if i, ok := c.Store.(session.IndexShortener); ok {
		ops["IndexShorten"] = func() error { return i.IndexShorten(ctx, key, 2*long) }
	}
	if p, ok := c.Store.(session.Pinger); ok {
		ops["Ping"] = func() error { return p.Ping(ctx) }
	}
	if r, ok := c.Store.(session.RecordComparer); ok {
		ops["ReplaceRecord"] = func() error {
			return r.ReplaceRecord(ctx, key, []byte(guard1), []byte(first), []byte(second), long)
		}
		ops["RemoveRecord"] = func() error { return r.RemoveRecord(ctx, key, []byte(guard1), []byte(first)) }
		ops["ExpireRecord"] = func() error { return r.ExpireRecord(ctx, key, []byte(guard1), []byte(first), 2*long) }
	}
	return ops
}
