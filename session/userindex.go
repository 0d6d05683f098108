package session

import (
	"context"
	"time"
)

// UserIndex is an optional interface of a Store that keeps sets of sessions: those of one
// user, or those with one label. It serves Options.Users, which needs it. Every
// operation is one key and one round trip, and may be sent again when its answer was
// lost: it then changes nothing more.
//
// A set has members, each with a time up to which it counts, and an epoch, which
// IndexClose replaces. A set without members is a set that is not there.
type UserIndex interface {
	// IndexAdd adds a member that counts until that time, to the millisecond; the zero
	// time is for ever. A member that is there already never counts for less long than
	// before. Members whose time is over are dropped. The set stays stored for as long as
	// any member counts.
	//
	// It returns the set as it is at the moment at which the member was added: of two
	// that add a member at once, exactly one sees the other's. When the set has an epoch that is not seen,
	// the error is ErrEnded; whether the member is there then is left open. AnyEpoch is
	// not compared.
	IndexAdd(ctx context.Context, key string, member []byte, until time.Time, seen Epoch) (IndexState, error)

	// IndexRemove removes members. Those that are not there are fine.
	IndexRemove(ctx context.Context, key string, members ...[]byte) error

	// IndexList returns the set. A key without one is an empty set with NoEpoch.
	IndexList(ctx context.Context, key string) (IndexState, error)

	// IndexClose gives the set an epoch, which is kept for at least that long, and then
	// returns the set: who adds a member and does not find the new epoch is in it.
	IndexClose(ctx context.Context, key string, next Epoch, keep time.Duration) (IndexState, error)
}

// Epoch tells whether the sessions of a user were ended between two looks at the index:
// it is another one afterwards.
type Epoch int64

const (
	// AnyEpoch is compared with no other epoch.
	AnyEpoch Epoch = 0
	// NoEpoch is that of a set that was not closed, or whose last close is long ago.
	NoEpoch Epoch = 1
	// FirstEpoch is the least epoch that IndexClose is given; the largest is
	// 2*FirstEpoch-1. As a number of milliseconds since 1970 they all are later than any
	// time, and they are exact as a float64: a sorted set can keep them as scores.
	FirstEpoch Epoch = 1 << 52
)

// IndexState is what a set holds.
type IndexState struct {
	Epoch   Epoch
	Entries []IndexEntry // in no particular order
}

// IndexEntry is a member of a set.
type IndexEntry struct {
	Member []byte
	Until  time.Time // zero: for ever
}
