package sessiontest

import (
	"errors"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// slack is how much of a long time to live may have passed since it was set,
// on a server whose clock goes on.
const slack = 30 * time.Second

// wantRecord checks what is stored at key, without touching its time to live.
func (c *checker) wantRecord(key, want string) {
	c.Helper()
	got, err := c.Load(c.Context(), key, 0)
	c.must("Load", err)
	if string(got) != want {
		c.broken("stored is %s, want %s", short(string(got)), short(want))
	}
}

// wantGone checks that there is nothing at key.
func (c *checker) wantGone(key string) {
	c.Helper()
	got, err := c.Load(c.Context(), key, 0)
	if !errors.Is(err, session.ErrNotFound) {
		c.broken("Load returned %s, %v, want ErrNotFound", short(string(got)), err)
	}
}

// wantErr checks that an operation returned an error, also when it is wrapped.
func (c *checker) wantErr(op string, err, want error) {
	c.Helper()
	if !errors.Is(err, want) {
		c.broken("%s returned %v, want %v", op, err, want)
	}
}

// wantConflict checks that an operation returned a ConflictError with what is
// stored.
func (c *checker) wantConflict(op string, err error, current string) {
	c.Helper()
	_ = c.conflict(op, err, current)
}

// conflict is wantConflict, and returns the error.
func (c *checker) conflict(op string, err error, current string) *session.ConflictError {
	c.Helper()
	var conflict *session.ConflictError
	if !errors.As(err, &conflict) {
		c.broken("%s returned %v, want a *session.ConflictError", op, err)
	}
	if string(conflict.Current) != current {
		c.broken("Current is %s, want %s", short(string(conflict.Current)), short(current))
	}
	return conflict
}

// remaining returns a key's time to live as far as it can be seen: by the
// harness, or by the store itself. seen is false where neither can.
func (c *checker) remaining(key string) (ttl time.Duration, seen bool) {
	c.Helper()
	if c.TTL != nil {
		ttl, found := c.TTL(c.T, key)
		if !found {
			c.broken("the record has gone")
		}
		return ttl, true
	}
	if l, ok := c.Store.(session.TTLLoader); ok {
		_, ttl, err := l.LoadTTL(c.Context(), key)
		c.must("LoadTTL", err)
		return ttl, true
	}
	return 0, false
}

// wantTTL checks the remaining time to live; 0 is never. On a server whose
// clock stands still it must be exact to the millisecond.
func (c *checker) wantTTL(key string, want time.Duration) {
	c.Helper()
	got, seen := c.remaining(key)
	if !seen {
		return
	}
	low := want
	if c.Advance == nil && want > 0 {
		low = want - slack
	}
	if got < low || got > want {
		c.broken("the time to live is %v, want %v", got, want)
	}
}

// wantExpired lets a time to live pass and checks that the record has gone
// with it.
func (c *checker) wantExpired(key string, ttl time.Duration) {
	c.Helper()
	if c.Advance != nil {
		c.Advance(ttl)
		c.wantGone(key)
		return
	}
	timeout := time.NewTimer(ttl + slack)
	defer timeout.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := c.Load(c.Context(), key, 0)
		if errors.Is(err, session.ErrNotFound) {
			return
		}
		c.must("Load", err)
		select {
		case <-timeout.C:
			c.broken("a record with a time to live of %v was there after %v", ttl, ttl+slack)
		case <-tick.C:
		}
	}
}

// short makes a record fit a line of a test's output.
func short(record string) string {
	if len(record) > 60 {
		record = record[:60] + "…"
	}
	return "\"" + escape(record) + "\""
}

func escape(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r < ' ' || r == 0xFFFD {
			r = '·'
		}
		out = append(out, r)
	}
	return string(out)
}
