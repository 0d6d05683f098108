// Package sessiontest checks that a session.Store keeps the promises of its
// interface. Every connector of this module passes it; so should one of yours:
//
//	func TestStore(t *testing.T) {
//		sessiontest.TestStore(t, sessiontest.Harness{
//			Open: func(t *testing.T) session.Store { return mystore.New(addr) },
//		})
//	}
package sessiontest

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// Harness says how to reach the store under test and what is behind it. Only
// Open is needed; what else there is makes more of the rules checkable.
type Harness struct {
	// Open returns a store over a server that other cases use too: every case
	// has keys of its own. The suite closes it.
	Open func(t *testing.T) session.Store

	// TTL looks at the server from the side and returns the remaining time to
	// live of a key, 0 when it never expires, and false when there is no such
	// key.
	TTL func(t *testing.T, key string) (ttl time.Duration, found bool)

	// Advance makes time pass on a server whose clock stands still otherwise.
	// Without it the suite uses short times and watches them pass.
	Advance func(d time.Duration)

	// FlushScripts makes the server forget the scripts that it has been sent.
	FlushScripts func(t *testing.T)

	// WrongType puts something at key that is not a record.
	WrongType func(t *testing.T, key string)
}

// TestStore runs every case as a subtest. A failure quotes the rule that was
// broken.
func TestStore(t *testing.T, h Harness) {
	t.Helper()
	for _, group := range [][]rule{loadRules, createRules, replaceRules, largeRules, removeRules, expireRules, compareRules, keepRules, pingRules, scanRules, recordRules, callRules, concurrencyRules, indexRules, shortenRules, entryRules, batchRules} {
		for _, r := range group {
			t.Run(r.name, func(t *testing.T) {
				store := h.Open(t)
				t.Cleanup(func() {
					if err := store.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
				})
				r.check(&checker{T: t, Harness: h, Store: store, rule: r.rule})
			})
		}
	}
}

// rule is one promise of session.Store.
type rule struct {
	name  string
	rule  string
	check func(c *checker)
}

// checker is what a check works with.
type checker struct {
	*testing.T
	Harness
	session.Store

	rule string
}

// broken fails the case with its rule and what was seen.
func (c *checker) broken(format string, args ...any) {
	c.Helper()
	c.Errorf("rule: "+c.rule+"\n"+format, args...)
	c.FailNow()
}

// key returns a key that no case has used.
func (c *checker) key() string { return "sessiontest:" + rand.Text() }

// Records of most cases: two states of a session, with a revision in front.
const (
	first  = "rev00001 a record\x00 of some bytes"
	second = "rev00002 another record, which is longer"
	guard1 = "rev00001"
	guard2 = "rev00002"
)

// long is a time to live that does not pass during a test.
const long = time.Hour

// stored creates a record and returns its key.
func (c *checker) stored(record string, ttl time.Duration) string {
	c.Helper()
	key := c.key()
	c.must("Create", c.Create(c.Context(), key, []byte(record), ttl))
	return key
}

// must fails the case when an operation that is to succeed does not.
func (c *checker) must(op string, err error) {
	c.Helper()
	if err != nil {
		c.broken("%s: %v", op, err)
	}
}
