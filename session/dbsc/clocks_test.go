package dbsc

import (
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// TestClocks: of a bound cookie that was made by a server with another clock, one up to the
// grace away is good; one that is further ahead is good for no longer than it should.
func TestClocks(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	bind := func(ahead time.Duration) *binding {
		b, err := Options{}.Bind(session.BindTo{
			Cookie: session.CookieOptions{Name: "session", Path: "/"}, NewSigner: func(string) session.Signer { return plain{} },
			Now: func() time.Time { return now.Add(ahead) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return b.(*binding)
	}
	here := bind(0)
	for _, c := range []struct {
		ahead time.Duration // of the server that made the cookie
		age   time.Duration
		good  bool
	}{
		{0, 0, true},
		{0, 11*time.Minute - time.Millisecond, true},
		{0, 11 * time.Minute, false},
		{59 * time.Second, 0, true},
		{59 * time.Second, 11*time.Minute + 58*time.Second, true},
		{59 * time.Second, 12 * time.Minute, false},
		{-59 * time.Second, 0, true},
		{-59 * time.Second, 10 * time.Minute, true},
		{time.Hour, 0, false},
		{time.Hour, 58 * time.Minute, false},
		{-time.Hour, 0, false},
	} {
		ck, err := bind(c.ahead-c.age).cookie.make(nonce{1}, now.Add(c.ahead-c.age))
		if err != nil {
			t.Fatal(err)
		}
		if got := here.cookie.among([]string{"a=b; " + ck.Name + "=" + ck.Value}, nonce{1}, now); got != c.good {
			t.Errorf("%v ahead, %v old: good %v", c.ahead, c.age, got)
		}
	}
	for _, c := range []struct {
		ahead time.Duration
		good  bool
	}{{0, true}, {4 * time.Minute, true}, {-4 * time.Minute, true}, {time.Hour, false}, {-time.Hour, false}} {
		s := state{id: nonce{1}, registered: now, key: "e"}
		if err := s.renew(now.Add(c.ahead)); err != nil {
			t.Fatal(err)
		}
		if got := s.find(s.last.nonce.String(), now) != nil; got != c.good {
			t.Errorf("a challenge %v ahead: good %v", c.ahead, got)
		}
	}
}

// plain signs nothing: it is for what is not about signatures.
type plain struct{}

func (plain) Sign(id string) (string, error)      { return id, nil }
func (plain) Verify(value string) (string, error) { return value, nil }
