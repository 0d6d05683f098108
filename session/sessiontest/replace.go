package sessiontest

import (
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var replaceRules = []rule{
	{"replace", "Replace writes the record while what is stored begins with guard", func(c *checker) {
		for _, guard := range []string{guard1, first[:1], first, ""} {
			key := c.stored(first, long)
			c.must("Replace", c.replace(key, guard, second, long))
			c.wantRecord(key, second)
		}
	}},
	{"replace-ttl", "Replace sets the time to live, longer or shorter than before", func(c *checker) {
		for _, ttl := range []time.Duration{2 * long, long / 2, long/2 + 250*time.Millisecond} {
			key := c.stored(first, long)
			c.must("Replace", c.replace(key, guard1, second, ttl))
			c.wantTTL(key, ttl)
		}
	}},
	{"replace-never", "Replace with a ttl of zero or less makes the record last, whatever it had before", func(c *checker) {
		for _, ttl := range []time.Duration{0, -1, -time.Hour} {
			key := c.stored(first, long)
			c.must("Replace", c.replace(key, guard1, second, ttl))
			c.wantTTL(key, 0)
			c.wantRecord(key, second)
		}
	}},
	{"replace-short-ttl", "Replace with a ttl under a millisecond makes the record expire, not last", func(c *checker) {
		key := c.stored(first, long)
		c.must("Replace", c.replace(key, guard1, second, time.Microsecond))
		c.wantExpired(key, time.Millisecond)
	}},
	{"replace-changed", "Replace of a record that does not begin with guard writes nothing and returns what is stored", func(c *checker) {
		for _, guard := range []string{guard2, first + "x", first[1:], "\x00", "R"} {
			key := c.stored(first, long)
			c.wantConflict("Replace", c.replace(key, guard, second, 2*long), first)
			c.wantRecord(key, first)
			c.wantTTL(key, long)
		}
	}},
	{"replace-changed-owned", "what a conflict returns belongs to the caller: writing to it changes nothing", func(c *checker) {
		key := c.stored(first, long)
		conflict := c.conflict("Replace", c.replace(key, guard2, second, long), first)
		clear(conflict.Current)
		c.wantRecord(key, first)
	}},
	{"replace-chain", "every Replace can guard what the one before wrote", func(c *checker) {
		key := c.stored(first, long)
		c.must("Replace", c.replace(key, guard1, second, long))
		c.wantConflict("Replace", c.replace(key, guard1, "rev00003 late", long), second)
		c.must("Replace", c.replace(key, guard2, "rev00003 third", long))
		c.wantRecord(key, "rev00003 third")
	}},
	{"replace-gone", "Replace must not bring back a record that was deleted", func(c *checker) {
		for _, guard := range []string{guard1, ""} {
			key := c.stored(first, long)
			c.must("Delete", c.Delete(c.Context(), key))
			c.wantErr("Replace", c.replace(key, guard, second, long), session.ErrNotFound)
			c.wantGone(key)
		}
	}},
	{"replace-expired", "Replace must not bring back a record that has expired", func(c *checker) {
		key := c.stored(first, 20*time.Millisecond)
		c.wantExpired(key, 20*time.Millisecond)
		c.wantErr("Replace", c.replace(key, guard1, second, long), session.ErrNotFound)
		c.wantGone(key)
	}},
	{"replace-twice", "Replace by the record that is stored already is a conflict: another request may have made an equal change", func(c *checker) {
		for _, guard := range []string{guard1, first} {
			key := c.stored(first, long)
			c.must("Replace", c.replace(key, guard, second, long))
			for range 2 {
				c.wantConflict("Replace", c.replace(key, guard, second, 2*long), second)
				c.wantRecord(key, second)
				c.wantTTL(key, long)
			}
		}
	}},
	{"replace-equal", "Replace by an equal record succeeds while the guard holds", func(c *checker) {
		key := c.stored(first, long)
		c.must("Replace", c.replace(key, first, first, 2*long))
		c.wantRecord(key, first)
		c.wantTTL(key, 2*long)
	}},
	{"replace-twice-then-changed", "a Replace that comes again after another one is a conflict", func(c *checker) {
		key := c.stored(first, long)
		c.must("Replace", c.replace(key, guard1, second, long))
		c.must("Replace", c.replace(key, guard2, "rev00003 third", long))
		c.wantConflict("Replace", c.replace(key, guard1, second, long), "rev00003 third")
		c.wantRecord(key, "rev00003 third")
	}},
	{"replace-same-guard", "a record that has the new one's revision but not its bytes is a conflict", func(c *checker) {
		key := c.stored(second+" and more", long)
		c.wantConflict("Replace", c.replace(key, guard1, second, long), second+" and more")
	}},
	{"replace-empty", "a record may be empty, before and after Replace", func(c *checker) {
		key := c.stored("", long)
		c.wantConflict("Replace", c.replace(key, guard1, second, long), "")
		c.must("Replace", c.replace(key, "", first, long))
		c.must("Replace", c.replace(key, guard1, "", long))
		c.wantRecord(key, "")
		c.wantTTL(key, long)
	}},
}

var removeRules = []rule{
	{"remove", "Remove deletes the record while it begins with guard", func(c *checker) {
		for _, guard := range []string{guard1, first, ""} {
			key := c.stored(first, long)
			c.must("Remove", c.Remove(c.Context(), key, []byte(guard)))
			c.wantGone(key)
		}
	}},
	{"remove-changed", "Remove of a record that does not begin with guard leaves it and returns what is stored", func(c *checker) {
		for _, guard := range []string{guard2, first + "x"} {
			key := c.stored(first, long)
			c.wantConflict("Remove", c.Remove(c.Context(), key, []byte(guard)), first)
			c.wantRecord(key, first)
			c.wantTTL(key, long)
		}
	}},
	{"remove-gone", "Remove of a record that has gone is ErrNotFound", func(c *checker) {
		for _, guard := range []string{guard1, ""} {
			c.wantErr("Remove", c.Remove(c.Context(), c.key(), []byte(guard)), session.ErrNotFound)
		}
	}},
}

func (c *checker) replace(key, guard, record string, ttl time.Duration) error {
	return c.Replace(c.Context(), key, []byte(guard), []byte(record), ttl)
}
