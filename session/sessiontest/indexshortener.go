package sessiontest

import (
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// shortenRules are those of session.IndexShortener. A store without it skips them.
var shortenRules = []rule{
	{"index-shorten", "IndexShorten lets a set with an epoch and no members be stored for that long from now on, or as long as before where the server offers no way to it", func(c *checker) {
		if c.TTL == nil {
			c.Skip("the harness has no TTL")
		}
		for _, before := range []time.Duration{2 * long, long / 2, 0} {
			key := c.closed(before)
			was, _ := c.TTL(c.T, key)
			for range 2 { // it may be sent again
				c.shorten(key, long)
				if ttl, found := c.TTL(c.T, key); !found || !near(ttl, long) && !near(ttl, was) {
					c.broken("a set with %v to live has %v (found: %v), want %v", was, ttl, found, long)
				}
			}
		}
	}},
	{"index-shorten-epoch", "IndexShorten does not change the epoch", func(c *checker) {
		key := c.closed(0)
		c.shorten(key, long)
		c.wantIndex(key, session.FirstEpoch+7, nil)
		c.close(key, session.FirstEpoch+3, long)
		c.shorten(key, long)
		c.wantIndex(key, session.FirstEpoch+3, nil)
	}},
	{"index-shorten-members", "IndexShorten leaves a set that has members as it is, with and without an epoch", func(c *checker) {
		late := soon(2 * long)
		for _, epoch := range []session.Epoch{session.NoEpoch, session.FirstEpoch + 7} {
			for _, want := range []members{{"a": late}, {"a": late, "never": {}}} {
				key := c.key()
				if epoch != session.NoEpoch {
					c.close(key, epoch, long)
				}
				for member, until := range want {
					c.add(key, member, until)
				}
				c.shorten(key, time.Minute)
				c.wantIndex(key, epoch, want)
				if c.TTL != nil {
					c.wantStays(key, 2*long)
				}
			}
		}
	}},
	{"index-shorten-absent", "IndexShorten of a key without a set leaves nothing", func(c *checker) {
		key := c.key()
		c.shorten(key, long)
		c.wantIndex(key, session.NoEpoch, nil)
		if c.TTL == nil {
			return
		}
		if ttl, found := c.TTL(c.T, key); found {
			c.broken("there is something at the key, for %v", ttl)
		}
	}},
	{"index-shorten-concurrent", "a set that gets a member while IndexShorten is under way stays stored for as long as the member counts", func(c *checker) {
		index := c.shortener()
		for range rounds {
			key := c.closed(long)
			for _, err := range c.all(func(i int) error {
				if i > 0 {
					return index.IndexShorten(c.Context(), key, time.Minute)
				}
				_, err := c.index().IndexAdd(c.Context(), key, []byte("never"), time.Time{}, session.AnyEpoch)
				return err
			}) {
				c.must("IndexAdd or IndexShorten", err)
			}
			c.wantIndex(key, session.FirstEpoch+7, members{"never": {}})
			if c.TTL != nil {
				c.wantStays(key, 100*365*24*time.Hour)
			}
		}
	}},
}

// shortener returns the store's optional interface, or skips the case.
func (c *checker) shortener() session.IndexShortener {
	c.Helper()
	i, ok := c.Store.(session.IndexShortener)
	if !ok {
		c.Skip("the store is no session.IndexShortener, which is its choice")
	}
	return i
}

func (c *checker) shorten(key string, keep time.Duration) {
	c.Helper()
	c.must("IndexShorten", c.shortener().IndexShorten(c.Context(), key, keep))
}

// closed returns the key of a set that had a member for so long, 0 for without an end, and now
// has an epoch and nothing else.
func (c *checker) closed(member time.Duration) (key string) {
	c.Helper()
	key = c.key()
	until := time.Time{}
	if member > 0 {
		until = soon(member)
	}
	c.add(key, "a", until)
	c.close(key, session.FirstEpoch+7, time.Minute)
	c.must("IndexRemove", c.index().IndexRemove(c.Context(), key, []byte("a")))
	return key
}

// near reports whether a time to live is that of a key that was given want a moment ago.
func near(got, want time.Duration) bool { return got <= want && got >= want-slack }
