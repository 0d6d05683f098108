package sessiontest

import (
	"context"
	"errors"
	"strconv"
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

// scanRules are those of session.KeyScanner. A store without it skips them.
var scanRules = []rule{
	{"scan", "ScanKeys visits each record under a prefix, with what was asked for of it, and nothing else", func(c *checker) {
		prefix := c.key() + "[*?]\\"
		want := map[string]time.Duration{}
		for i := range 30 {
			key, ttl := prefix+strconv.Itoa(i), time.Duration(i%3)*long
			want[key] = ttl
			c.must("Create", c.Create(c.Context(), key, []byte(first), ttl))
		}
		c.stored(first, long)
		if c.WrongType != nil {
			c.WrongType(c.T, prefix+"set")
		}
		for _, front := range []int{0, 4, -1, 1 << 20} {
			seen := map[string]bool{}
			progress := c.scan(prefix, front, func(k session.ScannedKey) {
				ttl, known := want[k.Key]
				switch {
				case front == 0 && k.Key == prefix+"set": // not looked at
					return
				case !known:
					c.broken("%q is visited", k.Key)
				case front == 4 && string(k.Front) != first[:4], (front < 0 || front > 4) && string(k.Front) != first, front == 0 && k.Front != nil:
					c.broken("with a front of %d it is %q", front, k.Front)
				case front != 0 && (k.Size != len(first) || k.TTL > ttl || (k.TTL == 0) != (ttl == 0)):
					c.broken("it says %d bytes and %v; want %d and %v", k.Size, k.TTL, len(first), ttl)
				}
				seen[k.Key] = true
			})
			if len(seen) != len(want) {
				c.broken("%d of %d records are visited", len(seen), len(want))
			}
			if progress != 1 && progress >= 0 {
				c.broken("at the end the progress is %v", progress)
			}
		}
	}},
	{"scan-stops", "ScanKeys ends with visit's error, and with its context", func(c *checker) {
		c.stored(first, long)
		stop := errors.New("enough")
		err := c.scanner().ScanKeys(c.Context(), "sessiontest:", -1, func([]session.ScannedKey, float64) error { return stop })
		c.wantErr("ScanKeys", err, stop)
		ctx, cancel := context.WithCancel(c.Context())
		cancel()
		err = c.scanner().ScanKeys(ctx, "sessiontest:", -1, func([]session.ScannedKey, float64) error { return nil })
		c.wantErr("ScanKeys", err, context.Canceled)
	}},
}

func (c *checker) scanner() session.KeyScanner {
	c.Helper()
	s, ok := c.Store.(session.KeyScanner)
	if !ok {
		c.Skip("the store is no session.KeyScanner, which is its choice")
	}
	return s
}

// scan visits each record and returns the last progress.
func (c *checker) scan(prefix string, front int, visit func(session.ScannedKey)) (progress float64) {
	c.Helper()
	c.must("ScanKeys", c.scanner().ScanKeys(c.Context(), prefix, front, func(found []session.ScannedKey, at float64) error {
		for _, k := range found {
			visit(k)
		}
		progress = at
		return nil
	}))
	return progress
}
