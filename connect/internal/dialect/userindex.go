package dialect

import (
	"context"
	"errors"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// An index of sessions is a sorted set. The score of a member is the time until which it
// counts, in milliseconds since 1970. The member "" has the epoch as its score, which is
// above every time.
const (
	// EpochMember is the member whose score is the epoch.
	EpochMember = ""
	// foreverScore is the score of a member whose time has no end.
	foreverScore = int64(session.FirstEpoch) - 1
	// lastExpiry is the latest time at which a key is made to expire: the end of the
	// year 9999. Servers refuse times that are much later.
	lastExpiry = 253402300799000
)

// Score returns the score of a member that counts until a time.
func Score(until time.Time) int64 {
	if until.IsZero() {
		return foreverScore
	}
	return min(max(until.UnixMilli(), 0), foreverScore)
}

// ExpiryOf returns when a key may expire, in milliseconds since 1970, that has a member
// with that score.
func ExpiryOf(score int64) int64 { return min(score, lastExpiry) }

// Lapsed returns the scores of members that do not count any more, as the largest of them.
func Lapsed(now time.Time) int64 { return now.UnixMilli() }

// AppendEntry adds a member of a sorted set to the state of an index.
func AppendEntry(state *session.IndexState, member string, score float64) {
	switch {
	case member == EpochMember:
		state.Epoch = session.Epoch(score)
	case int64(score) >= foreverScore:
		state.Entries = append(state.Entries, session.IndexEntry{Member: []byte(member)})
	default:
		until := time.UnixMilli(int64(score)).UTC()
		state.Entries = append(state.Entries, session.IndexEntry{Member: []byte(member), Until: until})
	}
}

// Closed returns session.ErrEnded when a state has another epoch than the one that was
// seen. A set without an epoch was not closed for as long as an epoch is kept.
func Closed(state session.IndexState, seen session.Epoch) error {
	if seen == session.AnyEpoch || state.Epoch == session.NoEpoch || state.Epoch == seen {
		return nil
	}
	return session.ErrEnded
}

// IndexAdd does what the transaction of session.UserIndex.IndexAdd does, for servers before
// Redis 7.0, which have no PEXPIREAT NX and GT, and for users who may not run MULTI. It
// takes a member, its score, when the key is to expire at the earliest, the largest score of
// members to drop, or "" to drop none, and the time now. It returns the set. It is sent
// by its source.
var IndexAdd = script(`
if ARGV[4] ~= '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[4])
end
local old = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not old or tonumber(old) < tonumber(ARGV[2]) or ARGV[1] == '' then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 or ARGV[5] + left < tonumber(ARGV[3]) then
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
`)

func indexScript(key, member any, score, expiry int64, lapsed any, now time.Time) []any {
	return []any{"eval", IndexAdd.Source, "1", key, member, score, expiry, lapsed, now.UnixMilli()}
}

// IndexPut sets a member's score by IndexAdd, and drops those that have lapsed if it says so.
// The error is errors.ErrUnsupported where the server refuses the script.
func (g *Guarded) IndexPut(ctx context.Context, op, key, member string, score, expiry int64, drop bool) (session.IndexState, error) {
	now, lapsed := time.Now(), any("")
	if drop {
		lapsed = Lapsed(now)
	}
	answers, _, err := g.client.Batch(ctx, [][]any{indexScript(key, member, score, expiry, lapsed, now)})
	if err != nil {
		return session.IndexState{}, g.fault(op, err)
	}
	if answers[0].Refusal != "" {
		return session.IndexState{}, errors.ErrUnsupported
	}
	state, ok := setOf(answers[0].Value)
	if !ok {
		return session.IndexState{}, g.client.Fault(op, ErrGarbled)
	}
	return state, nil
}

// shorten gives a set's key a time to live, in milliseconds, when the set holds an epoch and
// nothing else. It is sent by its source.
var shorten = script(`
local all = redis.call('ZRANGE', KEYS[1], 0, 1)
if #all == 1 and all[1] == '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 0
`)

// IndexShorten is session.IndexShortener's. Where the server refuses the script the key stays
// for as long as its longest member would have.
func (g *Guarded) IndexShorten(ctx context.Context, key string, keep time.Duration) error {
	_, _, err := g.client.Batch(ctx, [][]any{{"eval", shorten.Source, "1", key, keep.Milliseconds()}})
	return g.fault("index shorten", err)
}

// WithoutTransactions reports whether the probe has found that the server's user may not run
// MULTI.
func (g *Guarded) WithoutTransactions() bool { return g.transactions.is(missing) }
