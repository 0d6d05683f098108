package sessiontest

import (
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var createRules = []rule{
	{"create-ttl", "Create gives the record its time to live, to the millisecond", func(c *checker) {
		for _, ttl := range []time.Duration{long, long + 250*time.Millisecond} {
			c.wantTTL(c.stored(first, ttl), ttl)
		}
	}},
	{"create-never", "Create with a ttl of zero or less makes a record that never expires", func(c *checker) {
		for _, ttl := range []time.Duration{0, -1, -time.Second, -time.Hour} {
			key := c.stored(first, ttl)
			c.wantTTL(key, 0)
			c.wantRecord(key, first)
		}
	}},
	{"create-expires", "a record is gone when its time to live has passed", func(c *checker) {
		key := c.stored(first, 50*time.Millisecond)
		c.wantExpired(key, 50*time.Millisecond)
	}},
	{"create-short-ttl", "Create with a ttl under a millisecond makes a record that expires, not one that lasts", func(c *checker) {
		key := c.key()
		c.must("Create", c.Create(c.Context(), key, []byte(first), time.Nanosecond))
		c.wantExpired(key, time.Millisecond)
	}},
	{"create-exists", "Create where there is a record is ErrExists and leaves the record and its time to live", func(c *checker) {
		key := c.stored(first, long)
		for _, ttl := range []time.Duration{0, 2 * long} {
			c.wantErr("Create", c.Create(c.Context(), key, []byte(second), ttl), session.ErrExists)
			c.wantRecord(key, first)
			c.wantTTL(key, long)
		}
	}},
	{"create-exists-same", "Create where the same record is there already is ErrExists too", func(c *checker) {
		key := c.stored(first, long)
		c.wantErr("Create", c.Create(c.Context(), key, []byte(first), long), session.ErrExists)
	}},
	{"create-after-expiry", "Create works again after a record has expired", func(c *checker) {
		key := c.stored(first, 20*time.Millisecond)
		c.wantExpired(key, 20*time.Millisecond)
		c.must("Create", c.Create(c.Context(), key, []byte(second), long))
		c.wantRecord(key, second)
	}},
	{"delete", "Delete removes the record", func(c *checker) {
		key := c.stored(first, long)
		c.must("Delete", c.Delete(c.Context(), key))
		c.wantGone(key)
	}},
	{"delete-absent", "Delete of a key without a record is no error", func(c *checker) {
		c.must("Delete", c.Delete(c.Context(), c.key()))
	}},
}
