package sessiontest

import (
	"errors"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var compareRules = []rule{
	{"compare-replace", "ReplaceRecord writes the record, with its time to live, while what is stored is the old one", func(c *checker) {
		for _, ttl := range []time.Duration{2 * long, long / 2, long/2 + 250*time.Millisecond} {
			key := c.stored(first, long)
			c.must("ReplaceRecord", c.replaceRecord(key, guard1, first, second, ttl))
			c.wantRecord(key, second)
			c.wantTTL(key, ttl)
		}
	}},
	{"compare-replace-never", "ReplaceRecord with a ttl of zero or less makes the record last", func(c *checker) {
		for _, ttl := range []time.Duration{0, -1, -time.Hour} {
			key := c.stored(first, long)
			c.must("ReplaceRecord", c.replaceRecord(key, guard1, first, second, ttl))
			c.wantTTL(key, 0)
			c.wantRecord(key, second)
		}
	}},
	{"compare-replace-short-ttl", "ReplaceRecord with a ttl under a millisecond makes the record expire, not last", func(c *checker) {
		key := c.stored(first, long)
		c.must("ReplaceRecord", c.replaceRecord(key, guard1, first, second, time.Microsecond))
		c.wantExpired(key, time.Millisecond)
	}},
	{"compare-replace-changed", "ReplaceRecord of a record that has changed writes nothing and returns what is stored", func(c *checker) {
		for _, old := range []struct{ guard, record string }{{guard1, first}, {first, first}, {first[:1], first}} {
			key := c.stored("another record", long)
			c.wantConflict("ReplaceRecord", c.replaceRecord(key, old.guard, old.record, second, 2*long), "another record")
			c.wantRecord(key, "another record")
			c.wantTTL(key, long)
		}
	}},
	{"compare-replace-chain", "every ReplaceRecord can follow the one before, and none that is late gets through", func(c *checker) {
		key := c.stored(first, long)
		c.must("ReplaceRecord", c.replaceRecord(key, guard1, first, second, long))
		c.wantConflict("ReplaceRecord", c.replaceRecord(key, guard1, first, "rev00003 late", long), second)
		c.must("ReplaceRecord", c.replaceRecord(key, guard2, second, "rev00003 third", long))
		c.wantRecord(key, "rev00003 third")
	}},
	{"compare-replace-equal", "the record that is to be written may be stored already, by another request: that is a conflict", func(c *checker) {
		key := c.stored(second, long)
		c.wantConflict("ReplaceRecord", c.replaceRecord(key, guard1, first, second, long), second)
	}},
	{"compare-replace-gone", "ReplaceRecord must not bring back a record that was deleted or has expired", func(c *checker) {
		for _, guard := range []string{guard1, first, ""} {
			key := c.stored(first, long)
			c.must("Delete", c.Delete(c.Context(), key))
			c.wantErr("ReplaceRecord", c.replaceRecord(key, guard, first, second, long), session.ErrNotFound)
			c.wantGone(key)
		}
		key := c.stored(first, 20*time.Millisecond)
		c.wantExpired(key, 20*time.Millisecond)
		c.wantErr("ReplaceRecord", c.replaceRecord(key, guard1, first, second, long), session.ErrNotFound)
		c.wantGone(key)
	}},
	{"compare-bytes", "a record that is compared is bytes, empty or a mebibyte of them", func(c *checker) {
		records := []string{"", random(20 << 10), random(1 << 20)}
		for _, record := range odd {
			records = append(records, record)
		}
		for _, record := range records {
			key := c.stored(record, long)
			c.wantConflict("ReplaceRecord", c.replaceRecord(key, record+"x", record+"xy", second, long), record)
			c.must("ReplaceRecord", c.replaceRecord(key, record, record, record+"next", long))
			c.wantRecord(key, record+"next")
			c.must("RemoveRecord", c.comparer().RemoveRecord(c.Context(), key, []byte(record), []byte(record+"next")))
			c.wantGone(key)
		}
	}},
	{"compare-remove", "RemoveRecord deletes the record while it is the old one", func(c *checker) {
		for _, guard := range []string{guard1, first, ""} {
			key := c.stored(first, long)
			c.must("RemoveRecord", c.comparer().RemoveRecord(c.Context(), key, []byte(guard), []byte(first)))
			c.wantGone(key)
			c.wantErr("RemoveRecord", c.comparer().RemoveRecord(c.Context(), key, []byte(guard), []byte(first)), session.ErrNotFound)
			c.must("Create", c.Create(c.Context(), key, []byte(second), long))
			c.wantTTL(key, long)
		}
	}},
	{"compare-remove-changed", "RemoveRecord of a record that has changed leaves it and returns what is stored", func(c *checker) {
		key := c.stored(second, long)
		c.wantConflict("RemoveRecord", c.comparer().RemoveRecord(c.Context(), key, []byte(guard1), []byte(first)), second)
		c.wantRecord(key, second)
		c.wantTTL(key, long)
	}},
	{"compare-expire", "ExpireRecord restarts the time to live, or takes it away, of the record that it is meant for", func(c *checker) {
		key := c.stored(first, long)
		for _, ttl := range []time.Duration{2 * long, long / 2, 0, long} {
			c.must("ExpireRecord", c.comparer().ExpireRecord(c.Context(), key, []byte(guard1), []byte(first), ttl))
			c.wantTTL(key, ttl)
			c.wantRecord(key, first)
		}
		c.must("ExpireRecord", c.comparer().ExpireRecord(c.Context(), key, []byte(guard1), []byte(first), time.Microsecond))
		c.wantExpired(key, time.Millisecond)
		c.wantErr("ExpireRecord", c.comparer().ExpireRecord(c.Context(), key, []byte(guard1), []byte(first), long), session.ErrNotFound)
		c.wantGone(key)
	}},
	{"compare-expire-changed", "ExpireRecord of a record that has changed is a *ConflictError and leaves the record and its time to live", func(c *checker) {
		key := c.stored(second, long)
		for _, ttl := range []time.Duration{2 * long, 0} {
			if err := c.comparer().ExpireRecord(c.Context(), key, []byte(guard1), []byte(first), ttl); !isConflict(err) {
				c.broken("ExpireRecord: %v, want a *ConflictError", err)
			}
			c.wantTTL(key, long)
		}
		c.wantRecord(key, second)
	}},
	{"compare-buffers", "a store neither changes the bytes it compares nor looks at them after it has returned", func(c *checker) {
		key := c.stored(first, long)
		guard, old, record := []byte(guard1), []byte(first), []byte(second)
		c.must("ReplaceRecord", c.comparer().ReplaceRecord(c.Context(), key, guard, old, record, long))
		c.wantIntact(guard, guard1)
		c.wantIntact(old, first)
		c.wantIntact(record, second)
		clear(record)
		clear(old)
		c.wantRecord(key, second)
	}},
	{"compare-flushed", "a server that has forgotten its scripts makes no difference to large records either", func(c *checker) {
		if c.FlushScripts == nil {
			c.Skip("the harness has no FlushScripts")
		}
		large := first + random(1<<20)
		key := c.stored(large, long)
		c.FlushScripts(c.T)
		c.must("ReplaceRecord", c.replaceRecord(key, guard1, large, second, long))
		c.wantRecord(key, second)
	}},
	{"concurrent-compare", "of many that replace the record they have all seen, exactly one does", func(c *checker) {
		_ = c.comparer() // skips the case in the goroutine that may
		for range rounds {
			key := c.stored(first, long)
			record := func(i int) string { return fmt.Sprintf("rev%05d by goroutine %d", 100+i, i) }
			winner := c.oneOf(func(i int) error { return c.replaceRecord(key, guard1, first, record(i), long) }, isConflict)
			c.wantRecord(key, record(winner))
		}
	}},
	{"concurrent-compare-remove", "of many that replace or remove the record they have all seen, exactly one does", func(c *checker) {
		_ = c.comparer() // skips the case in the goroutine that may
		for range rounds {
			key := c.stored(first, long)
			winner := c.oneOf(func(i int) error {
				if i%2 == 0 {
					return c.comparer().RemoveRecord(c.Context(), key, []byte(guard1), []byte(first))
				}
				return c.replaceRecord(key, guard1, first, second, long)
			}, func(err error) bool { return isConflict(err) || errors.Is(err, session.ErrNotFound) })
			if winner%2 == 0 {
				c.wantGone(key)
			} else {
				c.wantRecord(key, second)
			}
		}
	}},
}

// comparer returns the store's optional interface, or skips the case.
func (c *checker) comparer() session.RecordComparer {
	c.Helper()
	r, ok := c.Store.(session.RecordComparer)
	if !ok {
		c.Skip("the store is no session.RecordComparer, which is its choice")
	}
	return r
}

func (c *checker) replaceRecord(key, guard, old, record string, ttl time.Duration) error {
	c.Helper()
	return c.comparer().ReplaceRecord(c.Context(), key, []byte(guard), []byte(old), []byte(record), ttl)
}
