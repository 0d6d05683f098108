package sessiontest

import (
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var expireRules = []rule{
	{"expire", "Expire restarts the time to live, longer or shorter, and leaves the record", func(c *checker) {
		key := c.stored(first, long)
		for _, ttl := range []time.Duration{2 * long, long / 2, long/2 + 250*time.Millisecond} {
			c.must("Expire", c.Expire(c.Context(), key, ttl))
			c.wantTTL(key, ttl)
			c.wantRecord(key, first)
		}
	}},
	{"expire-lasting", "Expire gives a time to live to a record that had none", func(c *checker) {
		key := c.stored(first, 0)
		c.must("Expire", c.Expire(c.Context(), key, long))
		c.wantTTL(key, long)
	}},
	{"expire-never", "Expire with a ttl of zero or less takes the time to live away", func(c *checker) {
		for _, ttl := range []time.Duration{0, -1, -time.Hour} {
			key := c.stored(first, long)
			c.must("Expire", c.Expire(c.Context(), key, ttl))
			c.wantTTL(key, 0)
			c.wantRecord(key, first)
		}
	}},
	{"expire-never-again", "Expire with a ttl of zero is no error for a record that never expires", func(c *checker) {
		key := c.stored(first, 0)
		c.must("Expire", c.Expire(c.Context(), key, 0))
		c.wantTTL(key, 0)
		c.wantRecord(key, first)
	}},
	{"expire-absent", "Expire of a key without a record is ErrNotFound and makes none", func(c *checker) {
		for _, ttl := range []time.Duration{long, 0, -1} {
			key := c.key()
			c.wantErr("Expire", c.Expire(c.Context(), key, ttl), session.ErrNotFound)
			c.wantGone(key)
		}
	}},
	{"expire-short-ttl", "Expire with a ttl under a millisecond makes the record expire, not last", func(c *checker) {
		key := c.stored(first, long)
		c.must("Expire", c.Expire(c.Context(), key, time.Microsecond))
		c.wantExpired(key, time.Millisecond)
	}},
	{"expire-guarded", "ExpireGuarded restarts the time to live, or takes it away, of the record that it is meant for", func(c *checker) {
		key := c.stored(first, long)
		for _, ttl := range []time.Duration{2 * long, long / 2, 0, long} {
			c.must("ExpireGuarded", c.guardedExpirer().ExpireGuarded(c.Context(), key, []byte(guard1), ttl))
			c.wantTTL(key, ttl)
			c.wantRecord(key, first)
		}
	}},
	{"expire-guarded-changed", "ExpireGuarded of a record that has changed is a *ConflictError and leaves the time to live", func(c *checker) {
		key := c.stored(second, long)
		for _, ttl := range []time.Duration{2 * long, 0} {
			if err := c.guardedExpirer().ExpireGuarded(c.Context(), key, []byte(guard1), ttl); !isConflict(err) {
				c.broken("ExpireGuarded: %v, want a *ConflictError", err)
			}
			c.wantTTL(key, long)
		}
		c.wantRecord(key, second)
	}},
	{"expire-guarded-absent", "ExpireGuarded of a key without a record is ErrNotFound and makes none", func(c *checker) {
		key := c.key()
		for _, guard := range []string{guard1, ""} {
			c.wantErr("ExpireGuarded", c.guardedExpirer().ExpireGuarded(c.Context(), key, []byte(guard), long), session.ErrNotFound)
		}
		c.wantGone(key)
	}},
	{"expire-guarded-short-ttl", "ExpireGuarded with a ttl under a millisecond makes the record expire, not last", func(c *checker) {
		key := c.stored(first, long)
		c.must("ExpireGuarded", c.guardedExpirer().ExpireGuarded(c.Context(), key, []byte(guard1), time.Microsecond))
		c.wantExpired(key, time.Millisecond)
	}},
}

// guardedExpirer returns the store's optional interface, or skips the case.
func (c *checker) guardedExpirer() session.GuardedExpirer {
	c.Helper()
	g, ok := c.Store.(session.GuardedExpirer)
	if !ok {
		c.Skip("the store is no session.GuardedExpirer, which is its choice")
	}
	return g
}
