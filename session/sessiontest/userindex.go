package sessiontest

import (
	"fmt"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// indexRules are those of session.UserIndex. A store without it skips them.
var indexRules = []rule{
	{"index-absent", "IndexList of a key without a set is empty, with NoEpoch, and leaves nothing", func(c *checker) {
		key := c.key()
		c.wantIndex(key, session.NoEpoch, nil)
		c.must("IndexRemove", c.index().IndexRemove(c.Context(), key, []byte("a")))
		c.wantIndex(key, session.NoEpoch, nil)
	}},
	{"index-add", "IndexAdd adds a member with its time, to the millisecond, and returns the set with it; any bytes are a member", func(c *checker) {
		key, want := c.key(), members{}
		for i, member := range []string{"a", "\x00\xff\r\n", string(make([]byte, 40))} {
			want[member] = soon(time.Duration(i+1) * 17 * time.Minute)
			state := c.add(key, member, want[member])
			c.wantState("IndexAdd", state, session.NoEpoch, want)
		}
		want["never"] = time.Time{}
		c.wantState("IndexAdd", c.add(key, "never", time.Time{}), session.NoEpoch, want)
		c.wantIndex(key, session.NoEpoch, want)
	}},
	{"index-add-longer", "IndexAdd never makes a member count for less long than before", func(c *checker) {
		key, late, later := c.key(), soon(time.Hour), soon(2*time.Hour)
		c.add(key, "a", late)
		c.add(key, "a", later)
		c.add(key, "a", late)
		c.add(key, "b", time.Time{})
		c.add(key, "b", late)
		c.wantIndex(key, session.NoEpoch, members{"a": later, "b": {}})
	}},
	{"index-add-lapsed", "IndexAdd drops members whose time is over, and no others", func(c *checker) {
		key, late := c.key(), soon(time.Hour)
		c.add(key, "a", late)
		c.add(key, "b", soon(-time.Hour)) // also by a clock of the store that stands still
		c.add(key, "c", late)
		c.wantIndex(key, session.NoEpoch, members{"a": late, "c": late})
	}},
	{"index-expiry", "a set stays stored for as long as any of its members counts", func(c *checker) {
		if c.TTL == nil {
			c.Skip("the harness has no TTL")
		}
		key := c.key()
		for _, until := range []time.Duration{time.Hour, 3 * time.Hour, 2 * time.Hour} {
			c.add(key, until.String(), soon(until))
		}
		c.wantStays(key, 3*time.Hour)
		c.close(key, session.FirstEpoch+1, time.Minute)
		c.wantStays(key, 3*time.Hour)
		c.add(key, "never", time.Time{})
		c.add(key, "an hour", soon(time.Hour))
		c.wantStays(key, 100*365*24*time.Hour)
		closed := c.key()
		c.close(closed, session.FirstEpoch+1, time.Hour)
		c.add(closed, "a minute", soon(time.Minute))
		c.wantStays(closed, time.Hour)
	}},
	{"index-remove", "IndexRemove removes its members and no others, also when one of them is not there", func(c *checker) {
		key, late := c.key(), soon(time.Hour)
		for _, m := range []string{"a", "b", "c", "d"} {
			c.add(key, m, late)
		}
		c.must("IndexRemove", c.index().IndexRemove(c.Context(), key))
		c.must("IndexRemove", c.index().IndexRemove(c.Context(), key, []byte("a"), []byte("x"), []byte("c")))
		c.wantIndex(key, session.NoEpoch, members{"b": late, "d": late})
	}},
	{"index-close", "IndexClose gives the set the epoch, whatever it had, and returns the members, which stay", func(c *checker) {
		key, late := c.key(), soon(time.Hour)
		c.wantState("IndexClose", c.close(key, session.FirstEpoch+7, long), session.FirstEpoch+7, nil)
		c.add(key, "a", late)
		for _, next := range []session.Epoch{2*session.FirstEpoch - 1, session.FirstEpoch} {
			c.wantState("IndexClose", c.close(key, next, long), next, members{"a": late})
			c.wantIndex(key, next, members{"a": late})
		}
		c.must("IndexRemove", c.index().IndexRemove(c.Context(), key, []byte("a")))
		c.wantIndex(key, session.FirstEpoch, nil)
	}},
	{"index-ended", "IndexAdd returns ErrEnded when the set has an epoch that is not seen, and never for AnyEpoch", func(c *checker) {
		key, late, epoch := c.key(), soon(time.Hour), session.FirstEpoch+5
		add := func(seen session.Epoch) error {
			_, err := c.index().IndexAdd(c.Context(), key, []byte("a"), late, seen)
			return err
		}
		for _, seen := range []session.Epoch{session.AnyEpoch, session.NoEpoch, epoch} {
			c.must("IndexAdd to a set that was not closed", add(seen))
		}
		c.close(key, epoch, long)
		for _, seen := range []session.Epoch{session.AnyEpoch, epoch} {
			c.must("IndexAdd", add(seen))
		}
		for _, seen := range []session.Epoch{session.NoEpoch, epoch + 1, epoch - 1} {
			c.wantErr("IndexAdd with another epoch", add(seen), session.ErrEnded)
		}
	}},
	{"index-concurrent", "of many that add a member at once, of any two exactly one sees the other", func(c *checker) {
		index := c.index()
		for range rounds {
			key, late := c.key(), soon(time.Hour)
			saw := make([][]session.IndexEntry, crowd)
			for _, err := range c.all(func(i int) error {
				state, err := index.IndexAdd(c.Context(), key, fmt.Append(nil, i), late, session.AnyEpoch)
				saw[i] = state.Entries
				return err
			}) {
				c.must("IndexAdd", err)
			}
			sees := func(i, j int) bool {
				return slices.ContainsFunc(saw[i], func(e session.IndexEntry) bool { return string(e.Member) == fmt.Sprint(j) })
			}
			for i := range saw {
				for j := range i {
					if sees(i, j) == sees(j, i) {
						c.broken("%d and %d saw each other: %v", i, j, sees(i, j))
					}
				}
			}
		}
	}},
}

// members are what a set holds: each with its time.
type members map[string]time.Time

// soon returns a time, as exact as a set keeps it.
func soon(d time.Duration) time.Time { return time.Now().Add(d).Truncate(time.Millisecond).UTC() }

// index returns the store's optional interface, or skips the case.
func (c *checker) index() session.UserIndex {
	c.Helper()
	i, ok := c.Store.(session.UserIndex)
	if !ok {
		c.Skip("the store is no session.UserIndex, which is its choice")
	}
	return i
}

func (c *checker) add(key, member string, until time.Time) session.IndexState {
	c.Helper()
	state, err := c.index().IndexAdd(c.Context(), key, []byte(member), until, session.AnyEpoch)
	c.must("IndexAdd", err)
	return state
}

func (c *checker) close(key string, next session.Epoch, keep time.Duration) session.IndexState {
	c.Helper()
	state, err := c.index().IndexClose(c.Context(), key, next, keep)
	c.must("IndexClose", err)
	return state
}

func (c *checker) wantIndex(key string, epoch session.Epoch, want members) {
	c.Helper()
	state, err := c.index().IndexList(c.Context(), key)
	c.must("IndexList", err)
	c.wantState("IndexList", state, epoch, want)
}

func (c *checker) wantState(op string, state session.IndexState, epoch session.Epoch, want members) {
	c.Helper()
	if state.Epoch != epoch {
		c.broken("%s returned the epoch %d, want %d", op, state.Epoch, epoch)
	}
	if len(state.Entries) != len(want) {
		c.broken("%s returned %d members, want %d", op, len(state.Entries), len(want))
	}
	for _, e := range state.Entries {
		if until, ok := want[string(e.Member)]; !ok || !until.Equal(e.Until) {
			c.broken("%s returned a member that counts until %v, want %v (known: %v)", op, e.Until, until, ok)
		}
	}
}

// wantStays checks that a key stays stored for at least that long.
func (c *checker) wantStays(key string, least time.Duration) {
	c.Helper()
	ttl, found := c.TTL(c.T, key)
	if !found || ttl > 0 && ttl < least-slack {
		c.broken("the set stays for %v (found: %v), want at least %v", ttl, found, least)
	}
}
