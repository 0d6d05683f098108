package sessiontest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// large is the size of a session with some hundreds of keys. A store may write
// such a record in another way than a short one.
const large = 20_000

var largeRules = []rule{
	{"large", "Replace of a large record keeps the rules of Replace: the record comes back whole, its time to live is what was asked for, and nothing is left beside it", func(c *checker) {
		for _, ttl := range []time.Duration{2 * long, long / 2, long/2 + 250*time.Millisecond, 0, -time.Hour} {
			key, next := c.stored(guard1+random(large), long), guard2+random(large)
			c.must("Replace", c.replace(key, guard1, next, ttl))
			c.wantRecord(key, next)
			c.wantTTL(key, max(ttl, 0))
			c.must("Replace", c.replace(key, guard2, guard1+random(large), long))
			c.wantTTL(key, long)
			c.wantAlone(key)
		}
		key := c.stored(first, 0)
		c.must("Replace", c.replace(key, "", guard2+random(large), long))
		c.must("Replace", c.replace(key, guard2, random(large), time.Microsecond))
		c.wantExpired(key, time.Millisecond)
	}},
	{"large-changed", "Replace by a large record, of one that does not begin with guard, writes nothing and returns what is stored", func(c *checker) {
		for _, stored := range []string{first, guard1 + random(large), "", "x"} {
			key, next := c.stored(stored, long), guard2+random(large)
			c.wantConflict("Replace", c.replace(key, guard2, next, 2*long), stored)
			c.wantRecord(key, stored)
			c.wantTTL(key, long)
			c.wantAlone(key)
		}
		key, next := c.stored(first, long), guard2+random(large)
		c.must("Replace", c.replace(key, guard1, next, long))
		c.wantConflict("Replace of what is stored", c.replace(key, guard1, next, 2*long), next)
		c.wantTTL(key, long)
	}},
	{"large-gone", "Replace by a large record must not bring back one that was deleted", func(c *checker) {
		for _, guard := range []string{guard1, ""} {
			key := c.stored(first, long)
			c.must("Delete", c.Delete(c.Context(), key))
			c.wantErr("Replace", c.replace(key, guard, guard2+random(large), long), session.ErrNotFound)
			c.wantGone(key)
		}
	}},
	{"large-concurrent", "two that replace a large record at once, and begin again after a conflict, lose nothing", func(c *checker) {
		const each = 100
		state := func(n int) string { return fmt.Sprintf("%012d", n) }
		filling := random(large)
		key := c.stored(state(0)+filling, long)
		var wg sync.WaitGroup
		var errs [2]error
		for i := range errs {
			wg.Go(func() {
				for range each {
					if errs[i] = c.countOn(key, state, filling); errs[i] != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		c.must("a writer", errors.Join(errs[:]...))
		c.wantRecord(key, state(2*each)+filling)
		c.wantAlone(key)
	}},
}

// countOn replaces a record by the one with the next number in front.
func (c *checker) countOn(key string, state func(int) string, filling string) error {
	stored, err := c.Load(c.Context(), key, long)
	for err == nil {
		var n int
		if _, err = fmt.Sscanf(string(stored[:min(len(stored), 12)]), "%d", &n); err != nil {
			return err
		}
		err = c.replace(key, state(n), state(n+1)+filling, long)
		conflict, changed := errors.AsType[*session.ConflictError](err)
		if !changed {
			return err
		}
		stored, err = conflict.Current, nil
	}
	return err
}

// wantAlone checks that no other key begins with this one, where the store can
// say so.
func (c *checker) wantAlone(key string) {
	c.Helper()
	if _, ok := c.Store.(session.KeyScanner); !ok {
		return
	}
	c.scan(key, 0, func(k session.ScannedKey) {
		if k.Key != key {
			c.broken("%q is left", k.Key)
		}
	})
}
