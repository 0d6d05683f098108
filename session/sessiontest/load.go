package sessiontest

import (
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var loadRules = []rule{
	{"load", "Load returns the record that was stored", func(c *checker) {
		c.wantRecord(c.stored(first, long), first)
	}},
	{"load-absent", "Load of a key without a record is ErrNotFound, with a ttl or without", func(c *checker) {
		key := c.key()
		c.wantGone(key)
		_, err := c.Load(c.Context(), key, long)
		c.wantErr("Load", err, session.ErrNotFound)
		c.wantGone(key)
	}},
	{"load-restarts-ttl", "Load with a ttl restarts the time to live at exactly that, longer or shorter", func(c *checker) {
		key := c.stored(first, long)
		for _, ttl := range []time.Duration{2 * long, long / 2, long/2 + 250*time.Millisecond} {
			got, err := c.Load(c.Context(), key, ttl)
			c.must("Load", err)
			if string(got) != first {
				c.broken("Load returned %s, want %s", short(string(got)), short(first))
			}
			c.wantTTL(key, ttl)
		}
	}},
	{"load-gives-ttl", "Load with a ttl gives a time to live to a record that had none", func(c *checker) {
		key := c.stored(first, 0)
		_, err := c.Load(c.Context(), key, long)
		c.must("Load", err)
		c.wantTTL(key, long)
	}},
	{"load-keeps-ttl", "Load with a ttl of zero or less leaves the time to live as it is", func(c *checker) {
		expiring, lasting := c.stored(first, long), c.stored(first, 0)
		for _, ttl := range []time.Duration{0, -1, -time.Hour} {
			_, err := c.Load(c.Context(), expiring, ttl)
			c.must("Load", err)
			c.wantTTL(expiring, long)
			_, err = c.Load(c.Context(), lasting, ttl)
			c.must("Load", err)
			c.wantTTL(lasting, 0)
		}
	}},
	{"load-short-ttl", "Load with a ttl under a millisecond makes the record expire, not last for ever", func(c *checker) {
		key := c.stored(first, long)
		_, err := c.Load(c.Context(), key, time.Microsecond)
		c.must("Load", err)
		c.wantExpired(key, time.Millisecond)
	}},
	{"load-owned", "what Load returns belongs to the caller: writing to it changes nothing", func(c *checker) {
		key := c.stored(first, long)
		got, err := c.Load(c.Context(), key, 0)
		c.must("Load", err)
		clear(got)
		_ = append(got, "more"...)
		c.wantRecord(key, first)
	}},
	{"loadttl", "LoadTTL returns the record with its time to live and leaves that as it is", func(c *checker) {
		loader := c.ttlLoader()
		key := c.stored(first, long)
		for range 2 {
			got, ttl, err := loader.LoadTTL(c.Context(), key)
			c.must("LoadTTL", err)
			if string(got) != first || ttl > long || ttl < long-slack {
				c.broken("LoadTTL returned %s, %v", short(string(got)), ttl)
			}
		}
		c.wantTTL(key, long)
	}},
	{"loadttl-never", "LoadTTL of a record that never expires returns the time to live 0", func(c *checker) {
		loader := c.ttlLoader()
		got, ttl, err := loader.LoadTTL(c.Context(), c.stored(first, 0))
		c.must("LoadTTL", err)
		if string(got) != first || ttl != 0 {
			c.broken("LoadTTL returned %s, %v", short(string(got)), ttl)
		}
	}},
	{"loadttl-absent", "LoadTTL of a key without a record is ErrNotFound", func(c *checker) {
		_, _, err := c.ttlLoader().LoadTTL(c.Context(), c.key())
		c.wantErr("LoadTTL", err, session.ErrNotFound)
	}},
}

// ttlLoader returns the store's optional interface, or skips the case.
func (c *checker) ttlLoader() session.TTLLoader {
	c.Helper()
	l, ok := c.Store.(session.TTLLoader)
	if !ok {
		c.Skip("the store is no session.TTLLoader, which is its choice")
	}
	return l
}
