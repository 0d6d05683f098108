package apps

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// lifetime is how long a session lives: from its creation, or from the last
// visit where the timeout slides.
const lifetime = 20 * time.Minute

// content is what an application keeps in its sessions, the same for all.
type content struct {
	names  []string // of the keys
	values []string // what /create gives them
	// asked is the key that /read and /write use. It stands in the middle, so
	// that no layout gains by finding the first or the last one soonest.
	asked string

	filler string
	writes atomic.Uint64
}

func newContent(cfg Config) *content {
	c := &content{filler: filler(cfg.ValueBytes)}
	for i := range cfg.Keys {
		c.names = append(c.names, keyName(i))
		c.values = append(c.values, c.value(uint64(i)))
	}
	c.asked = keyName(cfg.Keys / 2)
	return c
}

func keyName(i int) string { return fmt.Sprintf("key-%03d", i) }

// filler returns printable text of n bytes.
func filler(n int) string {
	const text = "The quick brown fox jumps over the lazy dog, and 0123456789 more times. "
	return strings.Repeat(text, n/len(text)+1)[:n]
}

// value returns printable text of the wanted length that tells n. The number
// has always ten digits, lest one with more of them and the filler looks like
// one with fewer.
func (c *content) value(n uint64) string {
	digits := strconv.FormatUint(1e9+n, 10)
	if len(digits) >= len(c.filler) {
		return digits[len(digits)-len(c.filler):]
	}
	return digits + c.filler[len(digits):]
}

// next returns the value that a /write gives the key: as long as the one before,
// and different from it and from those of /create.
func (c *content) next() string {
	return c.value(uint64(len(c.names)) + c.writes.Add(1))
}

// key returns the name of the key that a query asks for. Only a check sends
// one, so parsing costs a timed request nothing.
func (c *content) key(query string) string {
	if key, ok := strings.CutPrefix(query, "key="); ok {
		return key
	}
	return c.asked
}
