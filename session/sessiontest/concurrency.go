package sessiontest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/pyramidgo/redissessions/session"
)

// crowd is how many goroutines try the same thing at once, and rounds how
// often.
const (
	crowd  = 16
	rounds = 20
)

var concurrencyRules = []rule{
	{"concurrent-replace", "of many that replace what they have all seen, exactly one does", func(c *checker) {
		for range rounds {
			key := c.stored(first, long)
			record := func(i int) string { return fmt.Sprintf("rev%05d by goroutine %d", 100+i, i) }
			winner := c.oneOf(func(i int) error { return c.replace(key, guard1, record(i), long) }, isConflict)
			c.wantRecord(key, record(winner))
		}
	}},
	{"concurrent-equal", "of many that replace what they have all seen by the same bytes, exactly one does", func(c *checker) {
		for range rounds {
			for _, guard := range []string{guard1, first} {
				key := c.stored(first, long)
				c.oneOf(func(int) error { return c.replace(key, guard, second, long) }, isConflict)
				c.wantRecord(key, second)
			}
		}
	}},
	{"concurrent-create", "of many that create one record, exactly one does", func(c *checker) {
		for range rounds {
			key := c.key()
			record := func(i int) string { return fmt.Sprintf("by goroutine %d", i) }
			winner := c.oneOf(func(i int) error {
				return c.Create(c.Context(), key, []byte(record(i)), long)
			}, func(err error) bool { return errors.Is(err, session.ErrExists) })
			c.wantRecord(key, record(winner))
		}
	}},
	{"concurrent-remove", "of many that remove one record, exactly one does", func(c *checker) {
		for range rounds {
			key := c.stored(first, long)
			c.oneOf(func(int) error {
				return c.Remove(c.Context(), key, []byte(guard1))
			}, func(err error) bool { return errors.Is(err, session.ErrNotFound) })
			c.wantGone(key)
		}
	}},
	{"concurrent-logout", "a record that is deleted while many replace it stays deleted", func(c *checker) {
		for range rounds {
			key := c.stored(first, long)
			errs := c.all(func(i int) error {
				if i == 0 {
					return c.Delete(c.Context(), key)
				}
				return c.replace(key, "rev", fmt.Sprintf("rev%05d", i), long)
			})
			c.must("Delete", errs[0])
			c.wantGone(key)
		}
	}},
	{"concurrent-keys", "many goroutines on keys of their own do not disturb each other", func(c *checker) {
		for _, err := range c.all(func(i int) error {
			ctx, key := c.Context(), c.key()
			record := fmt.Sprintf("rev%05d of %s", i, key)
			if err := c.Create(ctx, key, []byte(record), long); err != nil {
				return err
			}
			for range 20 {
				got, err := c.Load(ctx, key, long)
				if err != nil {
					return err
				}
				if string(got) != record {
					return fmt.Errorf("the record of another key came: %s", short(string(got)))
				}
				next := record + "."
				if err := c.replace(key, record, next, long); err != nil {
					return err
				}
				record = next
			}
			return c.Remove(ctx, key, []byte(record))
		}) {
			c.must("a goroutine", err)
		}
	}},
}

func isConflict(err error) bool {
	var conflict *session.ConflictError
	return errors.As(err, &conflict)
}

// oneOf calls f from many goroutines at once, checks that one call succeeds
// and that the others lose, and returns which one it was.
func (c *checker) oneOf(f func(i int) error, loses func(error) bool) int {
	c.Helper()
	winner := -1
	for i, err := range c.all(f) {
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			c.broken("more than one succeeded")
		case !loses(err):
			c.broken("one that came too late got %v", err)
		}
	}
	if winner < 0 {
		c.broken("none succeeded")
	}
	return winner
}

// all calls f from many goroutines at once and returns their errors.
func (c *checker) all(f func(i int) error) []error {
	errs := make([]error, crowd)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}
