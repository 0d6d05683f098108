package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// Two factories of which one is native and the other is not have the same key for a user's set,
// when the names of their cookies and their prefixes are the same. Each lists, counts and ends its
// own sessions, and leaves the entries of the other's alone.
func TestTwoFormatsInOneSet(t *testing.T) {
	for _, pyramid := range formats[1:] {
		for _, age := range []time.Duration{0, time.Minute} { // a login may be half done, or not
			for _, users := range []session.UserOptions{{}, {Max: 1}} {
				for _, first := range []int{0, 1} {
					t.Run(fmt.Sprintf("%v/%v/%d/%d", pyramid, age, users.Max, first), func(t *testing.T) {
						options := func(o *session.Options) { discardLog(o); u := users; o.Users = &u }
						inClockSite(t, session.FormatNative, options, func(t *testing.T, s *clockSite) {
							other := &site{t: t, f: newUsersFactory(t, session.StoreOf(s.f), pyramid, options)}
							twoFormats(t, s, []*site{s.site, other}, first, age)
						})
					})
				}
			}
		}
	}
}

func twoFormats(t *testing.T, clock *clockSite, sites []*site, first int, age time.Duration) {
	visitors := []*visitor.Visitor{visitor.New(t), visitor.New(t)}
	for i, s := range sites {
		if err := s.login(visitors[i], "ann"); err != nil {
			t.Fatal(err)
		}
	}
	clock.pass(age)
	for range 2 {
		for i, s := range sites {
			if n := len(s.sessions("ann")); n != 1 || s.user(visitors[i]) != "ann" {
				t.Errorf("the factory of format %d lists %d sessions; logged in is %q", i, n, s.user(visitors[i]))
			}
		}
	}
	for n, i := range []int{first, 1 - first} {
		if ended, err := sites[i].f.EndAll(t.Context(), "ann"); ended != 1 || err != nil {
			t.Errorf("EndAll of format %d: %d, %v", i, ended, err)
		}
		if left := sites[1-first].user(visitors[1-first]); (left == "ann") != (n == 0) || sites[first].user(visitors[first]) != "" {
			t.Errorf("after EndAll of format %d the other's user is %q", i, left)
		}
	}
	for _, key := range clock.redis.Keys() {
		if !utf8.ValidString(key) {
			t.Errorf("a key is no text: %q", key)
		}
	}
	if err := sites[0].f.End(t.Context(), "ann", strings.Repeat("0", 48)); !errors.Is(err, session.ErrNotFound) {
		t.Error(err)
	}
}
