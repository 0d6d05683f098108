// Package claim is the text in a session's record that names the request which does a piece
// of work for all of them (Session.Once): its grammar, and when a claim has lapsed. It uses
// no record and no store.
package claim

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Longest is the longest time for which a claim lasts.
const Longest = 30 * time.Second

// Skew is by how much the clocks of two servers may differ. A claim is taken for lapsed
// that much later than its own times say.
const Skew = 5 * time.Second

// State is what the record says about a piece of work. As text it is the generation, and
// while there is a claim the claim's token, time and lease after it:
//
//	9f86d081884c7d65
//	9f86d081884c7d65 60303ae22b998861 1764150000000 30000
type State struct {
	// Generation is the token of the claim under which the work was last done, "0" when
	// it was never done.
	Generation string
	// Token is that of the claim, "" when there is none.
	Token string
	// At is when the claim was made, by the clock of its server.
	At time.Time
	// Lease is how long the claim lasts.
	Lease time.Duration
}

const never = "0"

// Parse reads a state. A text that is not a state is read as one without a claim, of work
// that was never done.
func Parse(text string) State {
	parts := strings.Split(text, " ")
	s := State{Generation: never}
	if parts[0] != "" {
		s.Generation = parts[0]
	}
	if len(parts) != 4 || parts[1] == "" {
		return s
	}
	at, err1 := strconv.ParseInt(parts[2], 10, 64)
	lease, err2 := strconv.ParseInt(parts[3], 10, 64)
	if err1 != nil || err2 != nil || lease <= 0 {
		return s
	}
	s.Token, s.At = parts[1], time.UnixMilli(at)
	s.Lease = time.Duration(min(lease, Longest.Milliseconds())) * time.Millisecond
	return s
}

// String returns the text.
func (s State) String() string {
	if s.Token == "" {
		return s.Generation
	}
	return fmt.Sprintf("%s %s %d %d", s.Generation, s.Token, s.At.UnixMilli(), s.Lease.Milliseconds())
}

// Claim returns the state with a new claim, for at most Longest and at least a
// millisecond.
func (s State) Claim(now time.Time, lease time.Duration) State {
	token := make([]byte, 8)
	_, _ = rand.Read(token) // never fails
	lease = max(min(lease, Longest), time.Millisecond)
	return State{s.Generation, hex.EncodeToString(token), now, lease}
}

// Done returns the state after the claim's work was done.
func (s State) Done() State { return State{Generation: s.Token} }

// Released returns the state without the claim.
func (s State) Released() State { return State{Generation: s.Generation} }

// IsNever reports whether the work was never done and there is no claim, so that the state
// need not be stored.
func (s State) IsNever() bool { return s.Generation == never && s.Token == "" }

// Watch finds out when the claim of another request has lapsed: when it has been seen for all
// of its lease, by this process's clock, or has ended Skew ago by the clock of the server
// that made it. The zero value is ready to use.
type Watch struct {
	token string
	since time.Time
}

// Left returns for how much longer the claim lasts, at most; 0 when it has lapsed or there
// is none.
func (w *Watch) Left(s State, now time.Time) time.Duration {
	if s.Token == "" {
		return 0
	}
	if w.token != s.Token {
		w.token, w.since = s.Token, now
	}
	return max(0, min(s.Lease-now.Sub(w.since), s.Lease+Skew-now.Sub(s.At)))
}
