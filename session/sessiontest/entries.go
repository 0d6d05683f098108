package sessiontest

import (
	"errors"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// entryRules are those of session.EntryStore. A store without it skips them, and so does
// one whose server offers no way to it.
var entryRules = []rule{
	{"entry-create", "CreateEntered creates the record and adds the member to each set, and returns the first one's state", func(c *checker) {
		e, late := c.entry("a", "b"), soon(time.Hour)
		c.add(e.Sets[0], "other", late)
		key := c.key()
		state, created, added := c.createEntered(key, e, late, session.AnyEpoch)
		c.must("CreateEntered, the record", created)
		c.must("CreateEntered, the entry", added)
		c.wantState("CreateEntered", state, session.NoEpoch, members{"other": late, string(e.Member): late})
		c.wantRecord(key, first)
		c.wantTTL(key, long)
		c.wantIndex(e.Sets[0], session.NoEpoch, members{"other": late, string(e.Member): late})
		c.wantIndex(e.Sets[1], session.NoEpoch, members{string(e.Member): late})
		key = c.key()
		_, created, _ = c.createEntered(key, e, time.Time{}, session.AnyEpoch)
		c.must("CreateEntered without an end", created)
		c.wantIndex(e.Sets[1], session.NoEpoch, members{string(e.Member): {}})
	}},
	{"entry-create-exists", "CreateEntered never overwrites a record: created is ErrExists", func(c *checker) {
		e, key := c.entry("a"), c.stored(second, long)
		_, created, _ := c.createEntered(key, e, soon(time.Hour), session.AnyEpoch)
		c.wantErr("CreateEntered", created, session.ErrExists)
		c.wantRecord(key, second)
	}},
	{"entry-create-ended", "CreateEntered compares the epoch of the first set only: added is ErrEnded when it is not the one that was seen", func(c *checker) {
		e, late := c.entry("a", "b"), soon(time.Hour)
		c.close(e.Sets[0], session.FirstEpoch+3, long)
		c.close(e.Sets[1], session.FirstEpoch+4, long)
		_, created, added := c.createEntered(c.key(), e, late, session.FirstEpoch+3)
		c.must("CreateEntered, the record", created)
		c.must("CreateEntered with the epoch that is there", added)
		_, _, added = c.createEntered(c.key(), e, late, session.FirstEpoch+4)
		c.wantErr("CreateEntered with another epoch", added, session.ErrEnded)
	}},
	{"entry-create-order", "who finds an entry of CreateEntered finds its record", func(c *checker) {
		_, created, _ := c.createEntered(c.key(), c.entry("a"), soon(time.Hour), session.AnyEpoch)
		c.must("CreateEntered", created)
		for range rounds {
			e := c.entry("a")
			for i, err := range c.all(func(i int) error {
				if i > 0 {
					state, err := c.index().IndexList(c.Context(), e.Sets[0])
					if err == nil && len(state.Entries) > 0 {
						_, err = c.Load(c.Context(), string(e.Member), 0)
					}
					return err
				}
				_, created, added := c.entries().CreateEntered(c.Context(), string(e.Member), []byte(first), long, e, soon(time.Hour), session.AnyEpoch)
				return errors.Join(created, added)
			}) {
				c.must(fmt.Sprintf("CreateEntered beside lists (%d)", i), err)
			}
		}
	}},
	{"entry-leave", "ReplaceLeaving and RemoveLeaving change the record as Replace and Remove do, and remove the member from each set, and no other", func(c *checker) {
		for op, leave := range c.leavings() {
			e, key, late := c.entry("a", "b"), c.stored(first, long), soon(time.Hour)
			for _, set := range e.Sets {
				c.add(set, string(e.Member), late)
				c.add(set, "other", late)
			}
			c.must(op, leave(key, guard1, e))
			for _, set := range e.Sets {
				c.wantIndex(set, session.NoEpoch, members{"other": late})
			}
			if op == "RemoveLeaving" {
				c.wantGone(key)
				continue
			}
			c.wantRecord(key, second)
			c.wantTTL(key, 2*long)
		}
	}},
	{"entry-leave-changed", "an entry stays when the record was not changed: for another guard the error carries what is stored", func(c *checker) {
		for op, leave := range c.leavings() {
			e, key, late := c.entry("a"), c.stored(first, long), soon(time.Hour)
			c.add(e.Sets[0], string(e.Member), late)
			c.wantConflict(op, leave(key, guard2, e), first)
			c.wantRecord(key, first)
			c.wantTTL(key, long)
			c.wantIndex(e.Sets[0], session.NoEpoch, members{string(e.Member): late})
		}
	}},
	{"entry-leave-gone", "ReplaceLeaving and RemoveLeaving of a record that is gone are ErrNotFound, create none, and leave the entry", func(c *checker) {
		for op, leave := range c.leavings() {
			for _, guard := range []string{guard1, ""} {
				e, key, late := c.entry("a"), c.key(), soon(time.Hour)
				c.add(e.Sets[0], string(e.Member), late)
				c.wantErr(op, leave(key, guard, e), session.ErrNotFound)
				c.wantGone(key)
				c.wantIndex(e.Sets[0], session.NoEpoch, members{string(e.Member): late})
			}
		}
	}},
}

// batchRules are those of session.BatchStore. A store without it skips them.
var batchRules = []rule{
	{"batch-load", "LoadEach returns each record with its time to live, in the order of the keys, and restarts none", func(c *checker) {
		keys := []string{c.stored(first, long), c.key(), c.stored("", 0), c.stored(second, long/2), c.stored("\x00\xff\r\n", long)}
		got, err := c.batch().LoadEach(c.Context(), keys)
		c.must("LoadEach", err)
		want := []string{first, "", "", second, "\x00\xff\r\n"}
		ttls := []time.Duration{long, 0, 0, long / 2, long}
		for i, l := range got {
			if i == 1 {
				c.wantErr("LoadEach of an absent key", l.Err, session.ErrNotFound)
				continue
			}
			c.must("LoadEach", l.Err)
			if string(l.Record) != want[i] || l.TTL > ttls[i] || l.TTL < ttls[i]-slack {
				c.broken("LoadEach returned %s with %v at %d, want %s with %v", short(string(l.Record)), l.TTL, i, short(want[i]), ttls[i])
			}
		}
	}},
	{"batch-remove", "RemoveEach removes each record that begins with its guard, and returns for each what Remove does", func(c *checker) {
		keys := []string{c.stored(first, long), c.stored(second, long), c.key(), c.stored(first, long), c.stored("", long)}
		var guards [][]byte
		for _, g := range []string{guard1, guard1, guard1, first, ""} {
			guards = append(guards, []byte(g))
		}
		errs, err := c.removeEach(keys, guards)
		c.must("RemoveEach", err)
		c.must("RemoveEach", errors.Join(errs[0], errs[3], errs[4]))
		c.wantConflict("RemoveEach", errs[1], second)
		c.wantRecord(keys[1], second)
		c.wantErr("RemoveEach of an absent key", errs[2], session.ErrNotFound)
		for _, i := range []int{0, 3, 4} {
			c.wantGone(keys[i])
		}
	}},
	{"batch-scripts", "RemoveEach works on a server that has forgotten its scripts", func(c *checker) {
		c.batch()
		keys := []string{c.stored(first, long), c.stored(first, long)}
		if c.FlushScripts != nil {
			c.FlushScripts(c.T)
		}
		errs, err := c.removeEach(keys, [][]byte{[]byte(guard1), []byte(guard1)})
		c.must("RemoveEach", errors.Join(append(errs, err)...))
		for _, key := range keys {
			c.wantGone(key)
		}
	}},
	{"batch-many", "RemoveEach and LoadEach take a hundred keys", func(c *checker) {
		c.batch()
		keys, guards := make([]string, 100), make([][]byte, 100)
		for i := range keys {
			keys[i], guards[i] = c.stored(fmt.Sprintf("rev%05d", i), long), fmt.Appendf(nil, "rev%05d", i)
		}
		loaded, err := c.batch().LoadEach(c.Context(), keys)
		c.must("LoadEach", err)
		for i, l := range loaded {
			if string(l.Record) != string(guards[i]) {
				c.broken("LoadEach returned %s at %d", short(string(l.Record)), i)
			}
		}
		errs, err := c.removeEach(keys, guards)
		c.must("RemoveEach", errors.Join(append(errs, err)...))
	}},
}

// entries returns the store's optional interface, or skips the case.
func (c *checker) entries() session.EntryStore {
	c.Helper()
	s, ok := c.Store.(session.EntryStore)
	if !ok {
		c.Skip("the store is no session.EntryStore, which is its choice")
	}
	return s
}

// entry returns an entry in new sets.
func (c *checker) entry(sets ...string) session.Entry {
	e := session.Entry{Member: []byte(c.key())}
	for range sets {
		e.Sets = append(e.Sets, c.key())
	}
	return e
}

// createEntered skips the case where the server offers no way to it, and has done nothing.
func (c *checker) createEntered(key string, e session.Entry, until time.Time, seen session.Epoch) (state session.IndexState, created, added error) {
	c.Helper()
	s := c.entries()
	before, _ := c.Load(c.Context(), key, 0)
	state, created, added = s.CreateEntered(c.Context(), key, []byte(first), long, e, until, seen)
	c.skipUnsupported(key, before, created)
	return state, created, added
}

// skipUnsupported skips the case when the server offers no way to an operation, which has then
// changed nothing.
func (c *checker) skipUnsupported(key string, before []byte, err error) {
	c.Helper()
	if !errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if now, _ := c.Load(c.Context(), key, 0); string(now) != string(before) {
		c.broken("%v, but the record was changed", err)
	}
	c.Skip("the store's server offers no way to it")
}

// leavings are ReplaceLeaving and RemoveLeaving.
func (c *checker) leavings() map[string]func(key, guard string, e session.Entry) error {
	c.Helper()
	s := c.entries()
	checked := func(leave func(key, guard string, e session.Entry) error) func(key, guard string, e session.Entry) error {
		return func(key, guard string, e session.Entry) error {
			before, _ := c.Load(c.Context(), key, 0)
			err := leave(key, guard, e)
			c.skipUnsupported(key, before, err)
			return err
		}
	}
	return map[string]func(key, guard string, e session.Entry) error{
		"ReplaceLeaving": checked(func(key, guard string, e session.Entry) error {
			return s.ReplaceLeaving(c.Context(), key, []byte(guard), []byte(second), 2*long, e)
		}),
		"RemoveLeaving": checked(func(key, guard string, e session.Entry) error {
			return s.RemoveLeaving(c.Context(), key, []byte(guard), e)
		}),
	}
}

// batch returns the store's optional interface, or skips the case.
func (c *checker) batch() session.BatchStore {
	c.Helper()
	s, ok := c.Store.(session.BatchStore)
	if !ok {
		c.Skip("the store is no session.BatchStore, which is its choice")
	}
	return s
}

// removeEach skips the case where the server offers no way to it.
func (c *checker) removeEach(keys []string, guards [][]byte) ([]error, error) {
	c.Helper()
	errs, err := c.batch().RemoveEach(c.Context(), keys, guards)
	if errors.Is(err, errors.ErrUnsupported) {
		c.Skip("the store's server offers no way to it")
	}
	return errs, err
}
