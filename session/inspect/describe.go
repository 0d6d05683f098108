package inspect

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Kind is what stands at a session's key.
type Kind string

// The kinds.
const (
	Live      Kind = "session"
	Renewed   Kind = "renewed"    // a marker: the session has another ID since
	Barred    Kind = "ended"      // a tombstone: the user's sessions were ended while this login was under way
	Unknown   Kind = "unreadable" // it may be a session of other settings
	NoSession Kind = "other"      // a key that is not one of a session
)

// Record is what a stored record holds beside the session's data.
type Record struct {
	Handle string
	Kind   Kind
	// Why is why a request with the record's cookie begins a new session: this one was
	// renewed or ended, it is over by the times in it, or the record cannot be read. It is ""
	// for a live session.
	Why string

	Created, LoggedIn time.Time // LoggedIn is zero without a Login
	// Ends is when the session ends if it is not used any more, zero for never. IdleLeft is
	// what is left until then by Redis's time to live, 0 where there is none.
	Ends     time.Time
	IdleLeft time.Duration
	// IdleTimeout is the session's own or the settings', 0 for none.
	IdleTimeout time.Duration
	OwnTimeout  bool
	Size        int // bytes
	Encrypted   bool
	Codec       string // the codec's name where the record has it
	// Indexed says that the session is in the index of its user.
	Indexed bool
	// Bound says that the session is bound to its browser (Options.DeviceBound).
	Bound bool
	// Successor is the handle of the session that a marker leads to.
	Successor string
}

// Describe returns the Record for the first Front bytes of a record. now is the present time.
func (i *Inspector) Describe(k session.ScannedKey, now time.Time) Record {
	r := Record{Handle: i.Handle(k.Key), Kind: NoSession, Size: k.Size, IdleLeft: k.TTL}
	at, ok := i.format.AtKey(k.Key)
	if !ok {
		r.Why = "no session has such a key"
		return r
	}
	l, err := i.format.LookAt(at, k.Front)
	if err != nil {
		r.Kind, r.Why = Unknown, whyUnreadable(err)
		return r
	}
	i.fill(&r, l, k.TTL, now)
	return r
}

func (i *Inspector) fill(r *Record, l record.Look, left time.Duration, now time.Time) {
	m := l.Meta
	r.Created, r.LoggedIn, r.Indexed = m.Created, m.Login.At, !m.Login.Lease.IsZero()
	r.IdleTimeout, r.OwnTimeout = m.Idle.Or(i.o.IdleTimeout), m.Idle.Set && m.Idle.Duration != i.o.IdleTimeout
	r.Encrypted, r.Codec = l.Encrypted, l.Codec
	r.Bound = i.binding != nil && i.binding.Bound(m.Login.Device)
	if left > 0 {
		r.Ends = now.Add(left).UTC()
	}
	if counts, _ := i.format.Expiry(); counts || i.o.ExpiryInRecord {
		r.Ends = earlier(r.Ends, m.Expires)
	}
	r.Ends = earlier(r.Ends, i.absoluteEnd(m))
	r.Kind = Live
	began := m.Began()
	switch {
	case l.Successor != nil:
		r.Kind, r.Successor = Renewed, i.Handle(l.Successor.Key)
		r.Why = "it was renewed, as a login does: the session goes on under another ID, whose cookie the browser was sent"
	case l.Ended:
		r.Kind = Barred
		r.Why = "the sessions of its user were ended"
	case i.o.AbsoluteTimeout > 0 && !now.Before(i.absoluteEnd(m)):
		r.Why = fmt.Sprintf("absolute_timeout (%s) has passed since %s", i.o.AbsoluteTimeout, began.Format(time.RFC3339))
	case began.Before(i.o.ValidSince):
		r.Why = fmt.Sprintf("it began before valid_since (%s)", i.o.ValidSince.Format(time.RFC3339))
	case !r.Ends.IsZero() && !now.Before(r.Ends):
		r.Why = fmt.Sprintf("it was not used for its idle timeout (%s)", r.IdleTimeout)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// whyUnreadable is the Why of a record that cannot be read.
func whyUnreadable(err error) string {
	if errors.Is(err, session.ErrCrossedReply) {
		return "its record is that of another session: it was copied to this key, or the reply was another command's"
	}
	return "its record cannot be read: " + err.Error()
}

// Value is an entry of a session's data.
type Value struct {
	Key  string
	Size int    // bytes of the encoded value, negative where that is not known
	Type string // of the decoded value, as Go names it; "unreadable"
	// Value is the decoded value. It is the visitor's.
	Value any
}

// Contents are a record and its data.
type Contents struct {
	Record
	User   string // what Session.Login was given, or ""
	Values []Value
	// Hidden says that there is also data under keys that are not text.
	Hidden bool
}

// Read decodes all of a record that was found at a key. A record that cannot be decoded is
// one of the kind Unknown, with the reason in Why.
func (i *Inspector) Read(key string, rec []byte, ttl time.Duration, now time.Time) Contents {
	c := Contents{Record: i.Describe(session.ScannedKey{Key: key, Front: rec, Size: len(rec), TTL: ttl}, now)}
	if c.Kind != Live {
		return c
	}
	at, _ := i.format.AtKey(key)
	snap, err := i.format.Decode(at, rec)
	if err != nil {
		c.Kind, c.Why = Unknown, whyUnreadable(err)
		return c
	}
	c.Hidden = snap.Data.Hidden()
	keys := snap.Data.Keys()
	slices.Sort(keys)
	for _, name := range keys {
		v := Value{Key: name, Size: record.SizeOf(snap.Data, name)}
		value, _, err := snap.Data.Get(name)
		if v.Value, v.Type = value, fmt.Sprintf("%T", value); err != nil {
			v.Value, v.Type = nil, "unreadable"
		}
		if user, ok := value.(string); ok && name == userKey && !c.LoggedIn.IsZero() {
			c.User = user
		}
		c.Values = append(c.Values, v)
	}
	return c
}

// userKey is where a session's data have the user that Session.Login was given.
const userKey = "_user_"
