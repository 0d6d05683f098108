package userset

import (
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Earlier are the entries that a login counts for the cap: those that were there when its own
// was added, and those of renewals of the same sessions.
type Earlier struct {
	members map[string]bool
	logins  map[time.Time]bool   // times of login; a renewal keeps its session's
	moved   map[string]time.Time // where markers lead to, and their sessions' times of login
	links   []link               // those of moved that no listing has been looked through for
	own     []string             // the keys of the login's session, which are not counted

	// AnyLogin also counts entries of later logins that may have replaced one of these, because a
	// login in a session that is logged in is always admitted: the entry that a marker leads to,
	// whatever its time of login; and where there are no markers every later entry, once a
	// record of these has gone. Of two logins at once for the last place both may then be refused.
	AnyLogin bool
	gone     bool // a record has gone, in a format without markers
}

// link is where a marker leads to, and the time of login of the session that has moved there.
type link struct {
	at    record.Address
	login time.Time
}

// NewEarlier returns the Earlier of a login whose session's records are at the keys own.
func NewEarlier(own ...string) *Earlier {
	return &Earlier{members: map[string]bool{}, logins: map[time.Time]bool{}, moved: map[string]time.Time{}, own: own}
}

// Add adds an entry of the set as the login has found it, unless it is of the login's own
// session. byLogin counts every entry with the same time of login: where a renewal leaves no
// marker, only that time tells of it.
func (b *Earlier) Add(member []byte, at record.Address, login time.Time, byLogin bool) {
	if slices.Contains(b.own, at.Key) {
		return
	}
	b.members[string(member)] = true
	b.logins[login] = byLogin
}

// Len returns how many entries were added.
func (b *Earlier) Len() int { return len(b.members) }

// Counts reports whether an entry is one of them. A nil Earlier counts all entries.
func (b *Earlier) Counts(member []byte, at record.Address, login time.Time) bool {
	if b == nil {
		return true
	}
	// A marker of another login leads to a later one.
	renewed, ok := b.moved[at.Key]
	ok = ok && (b.AnyLogin || renewed.Equal(login)) || b.gone
	return !slices.Contains(b.own, at.Key) && (b.members[string(member)] || b.logins[login] || ok)
}

// NoteGone notes that there is no record at the key of an entry.
func (b *Earlier) NoteGone(login time.Time) {
	if b != nil && b.AnyLogin && b.logins[login] {
		b.gone = true
	}
}

// Note notes where the marker at an entry's key leads to.
func (b *Earlier) Note(next *record.Address, login time.Time) {
	if b != nil {
		b.moved[next.Key] = login
		b.links = append(b.links, link{*next, login})
	}
}
