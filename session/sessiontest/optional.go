package sessiontest

import (
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// keepRules are those of session.TTLKeeper. A store without it skips them.
var keepRules = []rule{
	{"keepttl", "ReplaceKeepTTL writes the record while what is stored begins with guard, and leaves the time to live", func(c *checker) {
		for _, ttl := range []time.Duration{long, long / 2, 0} {
			key := c.stored(first, ttl)
			c.must("ReplaceKeepTTL", c.replaceKeepTTL(key, guard1, second))
			c.wantRecord(key, second)
			c.wantTTL(key, ttl)
		}
	}},
	{"keepttl-changed", "ReplaceKeepTTL of a record that does not begin with guard writes nothing and returns what is stored", func(c *checker) {
		for _, guard := range []string{guard2, first + "x"} {
			key := c.stored(first, long)
			c.wantConflict("ReplaceKeepTTL", c.replaceKeepTTL(key, guard, second), first)
			c.wantRecord(key, first)
			c.wantTTL(key, long)
		}
	}},
	{"keepttl-gone", "ReplaceKeepTTL must not bring back a record that was deleted or has expired", func(c *checker) {
		deleted, expired := c.stored(first, long), c.stored(first, 20*time.Millisecond)
		c.must("Delete", c.Delete(c.Context(), deleted))
		c.wantExpired(expired, 20*time.Millisecond)
		for _, key := range []string{deleted, expired} {
			for _, guard := range []string{guard1, ""} {
				c.wantErr("ReplaceKeepTTL", c.replaceKeepTTL(key, guard, second), session.ErrNotFound)
				c.wantGone(key)
			}
		}
	}},
}

// pingRules are those of session.Pinger. A store without it skips them.
var pingRules = []rule{
	{"ping", "Ping of a server that answers is no error, and writes nothing", func(c *checker) {
		key := c.stored(first, long)
		for range 2 {
			c.must("Ping", c.pinger().Ping(c.Context()))
		}
		c.wantRecord(key, first)
	}},
}

// pinger returns the store's optional interface, or skips the case.
func (c *checker) pinger() session.Pinger {
	c.Helper()
	p, ok := c.Store.(session.Pinger)
	if !ok {
		c.Skip("the store is no session.Pinger, which is its choice")
	}
	return p
}

func (c *checker) replaceKeepTTL(key, guard, record string) error {
	c.Helper()
	k, ok := c.Store.(session.TTLKeeper)
	if !ok {
		c.Skip("the store is no session.TTLKeeper, which is its choice")
	}
	return k.ReplaceKeepTTL(c.Context(), key, []byte(guard), []byte(record))
}
