package session

import (
	"context"
	"errors"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Store keeps records by key. It is all that a Redis client must implement
// for this package; connect/goredis, connect/redigo and connect/embedded do,
// and [github.com/pyramidgo/redissessions/session/sessiontest.TestStore]
// checks any other implementation against the rules below.
//
// Every operation is one key and one round trip, keeps none of the bytes it is
// given, and is safe for use by several goroutines. A time to live of zero or
// less means that the record never expires; a store must never send a negative
// one to Redis. Errors that are not named below are the client's own, wrapped. An
// operation that gets no answer must end by itself: a save has a deadline, but the
// context of a load is the request's, which may have none.
type Store interface {
	// Load returns the record at key, or ErrNotFound. With ttl > 0 it also
	// restarts the record's time to live at ttl, in the same round trip;
	// otherwise it leaves the time to live as it is.
	Load(ctx context.Context, key string, ttl time.Duration) (record []byte, err error)

	// Create writes a record where there is none, or returns ErrExists and
	// leaves what is there.
	Create(ctx context.Context, key string, record []byte, ttl time.Duration) error

	// Replace overwrites the record at key, and its time to live, only while
	// what is stored still begins with guard. Otherwise nothing is written and
	// the error is a *ConflictError that carries what is stored, or
	// ErrNotFound when the key is gone: Replace never creates a record.
	//
	// The bytes that follow the guard's length are not compared, so a guard
	// names one state of the record: with up to RevisionLen bytes by its
	// revision, with more by being all of it.
	//
	// That the new record is stored already is a conflict too: two requests may
	// make equal changes, and each counts. Only a store that has sent its command
	// again because the answer was lost may take it for its own success, and only
	// when NamesRevision(guard): no other writer makes a record with the new
	// revision. When the guard is all of a record the command must not be sent
	// again; the error then says that the outcome is not known.
	Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error

	// Expire restarts the time to live of the record at key, or returns
	// ErrNotFound. With ttl <= 0 it removes the time to live.
	Expire(ctx context.Context, key string, ttl time.Duration) error

	// Remove deletes the record at key only while it still begins with guard.
	// Its errors are those of Replace.
	Remove(ctx context.Context, key string, guard []byte) error

	// Delete deletes the record at key. An absent key is no error.
	Delete(ctx context.Context, key string) error

	// Close releases the connections. The store is not used afterwards.
	Close() error
}

// RevisionLen is the length up to which a guard of Store.Replace is the revision
// at the front of a record. A longer guard is all of the record.
const RevisionLen = record.RevisionLen

// NamesRevision reports whether a guard of Store.Replace is a revision: a record
// that begins with it was written by one writer, once.
func NamesRevision(guard []byte) bool { return record.NamesRevision(guard) }

// TTLLoader is an optional interface of a Store that can read a record and
// its remaining time to live in one round trip. It serves timeout_trigger,
// which restarts the time to live only now and then; without it every load
// restarts it. It also serves sessions whose timeout is not the factory's: without it each
// of their loads takes two round trips. Passive requests and Factory.StatusHandler learn from it when the
// session ends.
type TTLLoader interface {
	// LoadTTL returns the record at key and its remaining time to live, or
	// ErrNotFound. A record that never expires has the time to live 0.
	LoadTTL(ctx context.Context, key string) (record []byte, ttl time.Duration, err error)
}

// TTLKeeper is an optional interface of a Store that can replace a record and leave
// its time to live as it is. It serves the saves of passive requests
// (Options.Passive). Without it the session reads the time to live first, where the
// store is a TTLLoader: one more round trip, and a restart by another request in
// between is lost. With neither, the save of a passive request restarts it.
type TTLKeeper interface {
	// ReplaceKeepTTL is Replace, but for the time to live. Its errors are those of
	// Replace.
	ReplaceKeepTTL(ctx context.Context, key string, guard, record []byte) error
}

// Pinger is an optional interface of a Store that can ask the server for a sign of
// life. It serves Factory.Ping, which otherwise loads a key that has no record.
type Pinger interface {
	// Ping sends one command that needs no key, and returns an error when the server
	// does not answer it, or refuses to.
	Ping(ctx context.Context) error
}

// Clock is an optional interface of a Store that brings the time along with the records,
// as the store of handlertest does: the times to live, the times in the records and the
// pauses are then by one clock. A Factory asks its store for it once, in NewFactory.
// Without it the time is that of the package time. A store over a server has none: the
// server's time and this process's go on by themselves.
type Clock interface {
	// Now returns the time.
	Now() time.Time
	// Pause returns when d has passed, or the error of a context that ends before.
	Pause(ctx context.Context, d time.Duration) error
}

// systemClock is the Clock of the package time.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// GuardedExpirer is an optional interface of a Store that can restart a record's
// time to live only while the record is still the one that was loaded. Without it
// the session calls Expire, and a request that only reads may, in a narrow race,
// put back the timeout that another request is just changing.
type GuardedExpirer interface {
	// ExpireGuarded is a guarded Expire: its errors are those of Replace, but
	// the *ConflictError need not carry what is stored.
	ExpireGuarded(ctx context.Context, key string, guard []byte, ttl time.Duration) error
}

// RecordComparer is an optional interface of a Store whose server compares a
// whole record cheaper than the front of one, or cannot compare a front at all.
// The session then hands over the record that it has loaded. Each method does
// what the one that it is named after does, with the same errors: it makes its
// change only while the stored record is old. old begins with guard, which names
// the state that old is, so a store may compare either of them.
//
// A *ConflictError need not carry what is stored if it comes from ExpireRecord.
type RecordComparer interface {
	// ReplaceRecord is Store.Replace.
	ReplaceRecord(ctx context.Context, key string, guard, old, record []byte, ttl time.Duration) error

	// RemoveRecord is Store.Remove.
	RemoveRecord(ctx context.Context, key string, guard, old []byte) error

	// ExpireRecord is GuardedExpirer.ExpireGuarded.
	ExpireRecord(ctx context.Context, key string, guard, old []byte, ttl time.Duration) error
}

// priorRecord is a stored state of a record as far as the session knows it: the guard,
// and all of the record where it is at hand.
type priorRecord struct {
	guard []byte
	whole []byte // begins with guard; nil when only that is known
}

func (s *Session) prior() priorRecord { return priorRecord{s.guard, s.whole} }

func prior(s *record.Snapshot) priorRecord { return priorRecord{s.Guard, s.Whole} }

// replacePrior is Store.Replace of a record in a state that the session has seen. A store that
// compares whole records gets the record.
func replacePrior(ctx context.Context, store Store, key string, was priorRecord, record []byte, ttl time.Duration) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.ReplaceRecord(ctx, key, was.guard, was.whole, record, ttl)
	}
	return store.Replace(ctx, key, was.guard, record, ttl)
}

// removePrior is Store.Remove of a record in a state that the session has seen.
func removePrior(ctx context.Context, store Store, key string, was priorRecord) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.RemoveRecord(ctx, key, was.guard, was.whole)
	}
	return store.Remove(ctx, key, was.guard)
}

// expirePrior restarts the time to live of a record in a state that the session has seen, where the
// store can tell, and of whatever there is where it cannot.
func expirePrior(ctx context.Context, store Store, key string, was priorRecord, ttl time.Duration) error {
	if c, ok := store.(RecordComparer); ok && was.whole != nil {
		return c.ExpireRecord(ctx, key, was.guard, was.whole, ttl)
	}
	if g, ok := store.(GuardedExpirer); ok {
		return g.ExpireGuarded(ctx, key, was.guard, ttl)
	}
	return store.Expire(ctx, key, ttl)
}

// storeFailure is an error of the store's, with what was asked of it.
type storeFailure struct {
	op  string
	err error
}

func (e *storeFailure) Error() string { return "session: " + e.op + ": " + e.err.Error() }

// Unwrap returns the store's error and ErrUnavailable. A store that refused is
// there, and a context that its caller cancelled says nothing about the store.
func (e *storeFailure) Unwrap() []error {
	if errors.Is(e.err, ErrRefused) || errors.Is(e.err, context.Canceled) {
		return []error{e.err}
	}
	return []error{ErrUnavailable, e.err}
}

func storeError(op string, err error) error {
	if err == nil {
		return nil
	}
	return &storeFailure{op, err}
}

// overtaken takes apart the error of a guarded command that found another state than it
// expected: conflict when another request has changed the record, gone when there is
// none. Every other error is neither; a failure of the store is one.
func overtaken(err error) (conflict *ConflictError, gone bool) {
	if _, failed := errors.AsType[*storeFailure](err); failed {
		return nil, false
	}
	conflict, _ = errors.AsType[*ConflictError](err)
	return conflict, conflict == nil && errors.Is(err, ErrNotFound)
}

func isOvertaken(err error) bool {
	conflict, gone := overtaken(err)
	return conflict != nil || gone
}

// UserIndex is an optional interface of a Store that keeps sets of sessions: those of one
// user, or those with one label. It serves Options.Users, which needs it. Every
// operation is one key and one round trip, and may be sent again when its answer was
// lost: it then changes nothing more.
//
// A set has members, each with a time up to which it counts, and an epoch, which
// IndexClose replaces. A set without members is a set that is not there.
type UserIndex interface {
	// IndexAdd adds a member that counts until that time, to the millisecond; the zero
	// time is without an end. A member that is there already never counts for less long than
	// before. Members whose time is over by the clock of this process are dropped. The set
	// stays stored for as long as any member counts.
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

// IndexShortener is an optional interface of a UserIndex whose sets stay stored for longer than
// their members: a member without an end has made a set last, and goes. Without it the epoch
// of such a set, which EndAll has written, stays.
type IndexShortener interface {
	// IndexShorten lets a set that has an epoch and no members be stored for that long from now
	// on, whatever it was before. Any other set, also one that gets a member at the same moment,
	// stays as it is. The epoch is not changed: another EndAll may have written it. Where the
	// server offers no way to it, it does nothing and returns nil.
	IndexShorten(ctx context.Context, key string, keep time.Duration) error
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
	Until  time.Time // zero: without an end
}

// Entry is a session's place in the sets of a UserIndex: it is the same member of each.
type Entry struct {
	Sets   []string // their keys, the user's first
	Member []byte
}

// EntryStore is an optional interface of a UserIndex that changes a record together with
// its entry, so that Options.Users costs a login, a renewal and a logout no round trip.
// Where the server offers no way to it, as a Cluster does not, a method does nothing and
// returns errors.ErrUnsupported; the session then sends one command after the other.
type EntryStore interface {
	// CreateEntered is Store.Create and then UserIndex.IndexAdd to each set, sent
	// together: who finds the entry finds the record. The epoch that is seen is that of
	// the first set, whose state is returned. created is the error of Create; with one,
	// whether the entry is there is left open. added is that of IndexAdd.
	CreateEntered(ctx context.Context, key string, record []byte, ttl time.Duration, e Entry, until time.Time, seen Epoch) (state IndexState, created, added error)

	// ReplaceLeaving is Store.Replace and UserIndex.IndexRemove from each set. Both are
	// done at one moment, or neither: an entry never goes before its session.
	ReplaceLeaving(ctx context.Context, key string, guard, record []byte, ttl time.Duration, e Entry) error

	// RemoveLeaving is Store.Remove and UserIndex.IndexRemove, as ReplaceLeaving is.
	RemoveLeaving(ctx context.Context, key string, guard []byte, e Entry) error
}

// BatchStore is an optional interface of a Store that reads or removes several records in
// one round trip. It serves what lists and ends a user's sessions; without it up to 16
// commands are under way at once. The session gives it at most a hundred keys at a time.
type BatchStore interface {
	// LoadEach is TTLLoader.LoadTTL of each key, in their order.
	LoadEach(ctx context.Context, keys []string) ([]Loaded, error)

	// RemoveEach is Store.Remove of each key, with the guard at the same index, and
	// returns the error of each. The other error is that of all of them; it is
	// errors.ErrUnsupported, and nothing was done, where the server offers no way to it.
	RemoveEach(ctx context.Context, keys []string, guards [][]byte) ([]error, error)
}

// Loaded is what TTLLoader.LoadTTL returns.
type Loaded struct {
	Record []byte
	TTL    time.Duration
	Err    error
}

// KeyScanner is an optional interface of a Store that can walk over all its records. No
// request needs it: it is for tools that count, list and end sessions.
type KeyScanner interface {
	// ScanKeys calls visit with the records whose keys begin with prefix, some at a time,
	// until it has looked at all of them, on every primary of a cluster, or visit returns
	// an error, which is then its own. It holds no more than those in memory, and never
	// sends KEYS.
	//
	// Of each record it reads the first front bytes: 0 reads none of them, and a negative
	// front all. A record that is there from the beginning to the end is visited at least
	// once, perhaps twice; one that comes or goes meanwhile may be visited or not. What is
	// no string is left out.
	//
	// progress says which part of the server's keys has been looked at, from 0 to 1. It is
	// an estimate, and negative where the server does not say how many there are.
	ScanKeys(ctx context.Context, prefix string, front int, visit func(found []ScannedKey, progress float64) error) error
}

// ScannedKey is a record that ScanKeys has found.
type ScannedKey struct {
	Key string
	// Front is as much of the record as was asked for, and Size the length of all of it;
	// with a front of 0 neither is known.
	Front []byte
	Size  int
	// TTL is the remaining time to live, 0 for a record that never expires; with a front
	// of 0 it is not known.
	TTL time.Duration
}
