package sessiontest

import (
	"bytes"
	"math/rand/v2"
	"strings"
)

// odd are records and guards that a store which treats them as text gets
// wrong.
var odd = map[string]string{
	"every byte":        everyByte(),
	"line ends":         "\r\n\r\n",
	"quotes":            "'\"`\\",
	"a number":          "1",
	"a status":          "OK",
	"an error":          "-ERR",
	"a conflict's mark": "!",
	"nil":               "nil",
	"a zero byte":       "\x00",
	"no UTF-8":          "\xff\xfe\xfd",
	"formats":           "%s%d%%",
}

func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

var recordRules = []rule{
	{"record-bytes", "a record is bytes: whatever they are, they come back", func(c *checker) {
		for _, record := range odd {
			key := c.stored(record, long)
			c.wantRecord(key, record)
			c.wantConflict("Replace", c.replace(key, record+"x", second, long), record)
			c.must("Replace", c.replace(key, record, record+record, long))
			c.wantRecord(key, record+record)
			c.must("Remove", c.Remove(c.Context(), key, []byte(record)))
		}
	}},
	{"record-empty", "a record may be empty: it is there, and it is not ErrNotFound", func(c *checker) {
		key := c.stored("", long)
		c.wantRecord(key, "")
		c.must("Expire", c.Expire(c.Context(), key, 2*long))
		c.must("Remove", c.Remove(c.Context(), key, nil))
		c.wantGone(key)
	}},
	{"record-large", "a record of a mebibyte comes back whole, from Load and from a conflict", func(c *checker) {
		record := random(1 << 20)
		key := c.stored(record, long)
		c.wantRecord(key, record)
		c.wantConflict("Replace", c.replace(key, "x"+record, first, long), record)
		next := random(1 << 20)
		c.must("Replace", c.replace(key, record, next, long))
		c.wantRecord(key, next)
	}},
	{"record-keys", "a key is bytes too", func(c *checker) {
		for _, part := range odd {
			key := c.key() + part
			c.must("Create", c.Create(c.Context(), key, []byte(first), long))
			c.must("Replace", c.replace(key, guard1, second, long))
			c.wantRecord(key, second)
			c.must("Delete", c.Delete(c.Context(), key))
			c.wantGone(key)
		}
	}},
	{"record-apart", "an operation on one key leaves the others alone", func(c *checker) {
		one, other := c.stored(first, long), c.stored(first, long)
		c.must("Replace", c.replace(one, guard1, second, 2*long))
		c.must("Expire", c.Expire(c.Context(), one, 3*long))
		c.must("Remove", c.Remove(c.Context(), one, []byte(guard2)))
		c.wantRecord(other, first)
		c.wantTTL(other, long)
	}},
	{"record-buffers", "a store neither changes the bytes it is given nor looks at them after it has returned", func(c *checker) {
		key := c.key()
		guard, record := []byte(guard1), []byte(first)
		c.must("Create", c.Create(c.Context(), key, record, long))
		c.wantIntact(record, first)
		clear(record)
		c.wantRecord(key, first)

		record = []byte(second)
		c.must("Replace", c.Replace(c.Context(), key, guard, record, long))
		c.wantIntact(record, second)
		c.wantIntact(guard, guard1)
		clear(record)
		clear(guard)
		c.wantRecord(key, second)

		guard, record = []byte(guard1), []byte(first)
		c.wantConflict("Replace", c.Replace(c.Context(), key, guard, record, long), second)
		c.wantIntact(guard, guard1)
		c.wantIntact(record, first)

		guard = []byte(guard2)
		c.must("Remove", c.Remove(c.Context(), key, guard))
		c.wantIntact(guard, guard2)
	}},
}

func (c *checker) wantIntact(got []byte, want string) {
	c.Helper()
	if !bytes.Equal(got, []byte(want)) {
		c.broken("an argument was changed to %s, was %s", short(string(got)), short(want))
	}
}

// random returns n bytes that do not repeat.
func random(n int) string {
	var b strings.Builder
	b.Grow(n)
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for b.Len() < n {
		b.WriteByte(byte(r.Uint32()))
	}
	return b.String()
}
